import {
  type ErrorCode,
  formatEventId,
  limits,
  type LogEvent,
  parseEventId,
  type Role,
} from '@confab/protocol';
import type {
  AddMembers,
  Command,
  CommandEnvelope,
  CreateConversation,
  RecordMembership,
  RemoveMember,
  SendMessage,
  UpdateConversation,
  UpdateMember,
} from './commands.ts';
import { outranks, type Permission, permissions } from './permissions.ts';
import type { ConversationState, MemberState } from './state.ts';

/** What time and chance contribute, given by the caller so that a decision can be replayed. */
export interface DecisionContext {
  /** RFC 3339, UTC, milliseconds. */
  readonly sentAt: string;
  /** 8 URL-safe random characters for the event's id. */
  readonly random: string;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message?: string;
}

/** An event to append, nothing to do (the wish is already so), or a refusal. */
export type Decision =
  | { readonly kind: 'event'; readonly event: LogEvent }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

type Of<C> = CommandEnvelope & C;

/**
 * Decides a command against the conversation as it is at its head. Pure: the same state, command and context give the
 * same event. A command on an empty log is `not_found` unless it creates it.
 */
export function decide(
  state: ConversationState | null,
  command: Command,
  context: DecisionContext,
): Decision {
  if (command.verb === 'create_conversation') return decideCreate(state, command, context);
  if (command.verb === 'record_membership') return decideRecord(state, command, context);
  const actor = state?.members.get(command.actorId);
  if (state === null || actor === undefined || state.type === 'self') return refuse('not_found');
  switch (command.verb) {
    case 'send_message':
      return decideSend({ state, actor, command, context });
    case 'update_conversation':
      return decideUpdate({ state, actor, command, context });
    case 'add_members':
      return decideAdd({ state, actor, command, context });
    case 'remove_member':
      return decideRemove({ state, actor, command, context });
    case 'update_member':
      return decideRole({ state, actor, command, context });
  }
}

interface Case<C> {
  readonly state: ConversationState;
  readonly actor: MemberState;
  readonly command: Of<C>;
  readonly context: DecisionContext;
}

function refuse(code: ErrorCode, message?: string): Decision {
  return { kind: 'refused', refusal: message === undefined ? { code } : { code, message } };
}

const NOTHING: Decision = { kind: 'nothing' };

/** The fields every event has; `counts` is 1 for a message, else 0. */
function envelope(
  state: ConversationState | null,
  command: CommandEnvelope,
  context: DecisionContext,
  counts: 0 | 1,
) {
  const sequence = (state?.head.sequence ?? 0) + 1;
  return {
    eventId: formatEventId(command.conversationId, sequence, context.random),
    conversationId: command.conversationId,
    sequence,
    ordinal: (state?.head.ordinal ?? 0) + counts,
    senderId: command.actorId,
    sentAt: context.sentAt,
    clientMessageId: command.clientMessageId,
  };
}

function allowed(given: Case<unknown>, permission: Permission): Decision | null {
  const { type } = given.state;
  if (type === 'self') return refuse('not_found');
  const roles: readonly Role[] = permissions[type][permission];
  if (roles.length === 0) return refuse('not_applicable');
  return roles.includes(given.actor.role) ? null : refuse('forbidden');
}

function decideCreate(
  state: ConversationState | null,
  command: Of<CreateConversation>,
  context: DecisionContext,
): Decision {
  if (state !== null) return state.members.has(command.actorId) ? NOTHING : refuse('not_found');
  const memberIds = [...new Set([command.actorId, ...command.memberIds])];
  if (memberIds.length > limits.membersPerGroupMax) return refuse('too_many_members');
  const direct = command.type === 'direct';
  const members = memberIds.map((userId) => ({
    userId,
    role: direct
      ? ('member' as const)
      : userId === command.actorId
        ? ('owner' as const)
        : ('member' as const),
  }));
  return {
    kind: 'event',
    event: {
      type: 'conversation_event',
      ...envelope(null, command, context, 0),
      change: 'created',
      conversationType: command.type,
      title: command.title,
      members,
    },
  };
}

function decideRecord(
  state: ConversationState | null,
  command: Of<RecordMembership>,
  context: DecisionContext,
): Decision {
  if (state !== null && state.type !== 'self') return refuse('not_found');
  return {
    kind: 'event',
    event: {
      type: 'membership_event',
      ...envelope(state, command, context, 0),
      change: command.change,
      targetConversationId: command.targetConversationId,
      targetSequence: command.targetSequence,
    },
  };
}

function decideSend(given: Case<SendMessage>): Decision {
  const refusal = allowed(given, 'send');
  if (refusal !== null) return refusal;
  const { state, command, context } = given;
  if (command.replyTo !== null) {
    const place = parseEventId(command.replyTo);
    if (place?.conversationId !== state.conversationId || place.sequence > state.head.sequence) {
      return refuse('invalid', 'Field replyTo names no message of this conversation.');
    }
  }
  const stranger = command.mentions.find((userId) => !state.members.has(userId));
  if (stranger !== undefined)
    return refuse('invalid', `Field mentions names ${stranger}, who is not a member.`);
  const common = envelope(state, command, context, 1);
  return {
    kind: 'event',
    event: {
      type: 'message_event',
      ...common,
      messageId: common.eventId,
      body: command.body,
      ...(command.format === null ? {} : { format: command.format }),
      ...(command.replyTo === null ? {} : { replyTo: command.replyTo }),
      ...(command.mentions.length === 0 ? {} : { mentions: [...new Set(command.mentions)] }),
    },
  };
}

function decideUpdate(given: Case<UpdateConversation>): Decision {
  const refusal = allowed(given, 'rename');
  if (refusal !== null) return refusal;
  const { state, command, context } = given;
  if (state.title === command.title) return NOTHING;
  return {
    kind: 'event',
    event: {
      type: 'conversation_event',
      ...envelope(state, command, context, 0),
      change: 'updated',
      title: command.title,
    },
  };
}

function memberEvent(
  given: Case<unknown>,
  change: 'joined' | 'left' | 'removed' | 'role_changed',
  members: { userId: string; role: Role }[],
): Decision {
  const common = envelope(given.state, given.command, given.context, 0);
  return { kind: 'event', event: { type: 'member_event', ...common, change, members } };
}

function decideAdd(given: Case<AddMembers>): Decision {
  const refusal = allowed(given, 'add_members');
  if (refusal !== null) return refusal;
  const { state, actor, command } = given;
  if (!outranks(actor.role, command.role)) return refuse('forbidden');
  const added = [...new Set(command.userIds)].filter((userId) => !state.members.has(userId));
  if (added.length === 0) return NOTHING;
  if (state.members.size + added.length > limits.membersPerGroupMax) return refuse('too_many_members');
  return memberEvent(
    given,
    'joined',
    added.map((userId) => ({ userId, role: command.role })),
  );
}

function decideRemove(given: Case<RemoveMember>): Decision {
  const { state, actor, command } = given;
  const leaves = command.userId === command.actorId;
  const refusal = allowed(given, leaves ? 'leave' : 'remove_members');
  if (refusal !== null) return refusal;
  const target = state.members.get(command.userId);
  if (target === undefined) return NOTHING;
  if (!leaves && !outranks(actor.role, target.role)) return refuse('forbidden');
  if (target.role === 'owner' && state.members.size > 1 && ownerCount(state) === 1)
    return refuse('last_owner');
  return memberEvent(given, leaves ? 'left' : 'removed', [{ userId: command.userId, role: target.role }]);
}

function decideRole(given: Case<UpdateMember>): Decision {
  const refusal = allowed(given, 'change_roles');
  if (refusal !== null) return refusal;
  const { state, command } = given;
  const target = state.members.get(command.userId);
  if (target === undefined) return refuse('not_found', 'This user is not a member.');
  if (target.role === command.role) return NOTHING;
  if (target.role === 'owner' && ownerCount(state) === 1) return refuse('last_owner');
  return memberEvent(given, 'role_changed', [{ userId: command.userId, role: command.role }]);
}

function ownerCount(state: ConversationState): number {
  let owners = 0;
  for (const member of state.members.values()) if (member.role === 'owner') owners += 1;
  return owners;
}
