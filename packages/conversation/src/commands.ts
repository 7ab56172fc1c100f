import type { ConversationType, MessageFormat, Role, UserId } from '@confab/protocol';

/** What somebody wants of a conversation. Idempotent by (`actorId`, conversation, `clientMessageId`). */
export type Command = CommandEnvelope &
  (
    | CreateConversation
    | UpdateConversation
    | AddMembers
    | RemoveMember
    | UpdateMember
    | SendMessage
    | RecordMembership
  );

export interface CommandEnvelope {
  readonly conversationId: string;
  readonly actorId: UserId;
  readonly clientMessageId: string;
}

export interface CreateConversation {
  readonly verb: 'create_conversation';
  readonly type: ConversationType;
  readonly title: string | null;
  /** The creator is added where not named. */
  readonly memberIds: readonly UserId[];
}

export interface UpdateConversation {
  readonly verb: 'update_conversation';
  readonly title: string | null;
}

export interface AddMembers {
  readonly verb: 'add_members';
  readonly userIds: readonly UserId[];
  readonly role: Role;
}

export interface RemoveMember {
  readonly verb: 'remove_member';
  readonly userId: UserId;
}

export interface UpdateMember {
  readonly verb: 'update_member';
  readonly userId: UserId;
  readonly role: Role;
}

export interface SendMessage {
  readonly verb: 'send_message';
  readonly body: string;
  readonly format: MessageFormat | null;
  readonly replyTo: string | null;
  readonly mentions: readonly UserId[];
}

/** Written by the server into a user's own log; `clientMessageId` is derived from the event that caused it. */
export interface RecordMembership {
  readonly verb: 'record_membership';
  readonly change: 'joined' | 'left';
  readonly targetConversationId: string;
  readonly targetSequence: number;
}

/**
 * The canonical text of a command's verb and durable fields. Two commands with the same id are the same request
 * exactly when these texts are equal; the log keeps a hash of it.
 */
export function canonicalText(command: Command): string {
  return JSON.stringify([command.verb, ...durableFields(command)]);
}

function durableFields(command: Command): readonly unknown[] {
  switch (command.verb) {
    case 'create_conversation':
      return [command.type, command.title, [...command.memberIds].sort()];
    case 'update_conversation':
      return [command.title];
    case 'add_members':
      return [[...command.userIds].sort(), command.role];
    case 'remove_member':
      return [command.userId];
    case 'update_member':
      return [command.userId, command.role];
    case 'send_message':
      return [command.body, command.format, command.replyTo, [...command.mentions].sort()];
    case 'record_membership':
      return [command.change, command.targetConversationId, command.targetSequence];
  }
}
