import type { Random, Views } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError, limits, type RequestOf, type User } from '@confab/protocol';
import type { Registration } from '../accounts/accounts.ts';
import type { CommandOutcome } from '../log/batch.ts';
import type { Lane } from '../log/lane.ts';
import type { Writers } from '../log/writers.ts';
import type { ConversationIds } from './access.ts';
import { userOf } from './summaries.ts';

interface ConversationsOptions {
  readonly writers: Writers;
  readonly ids: ConversationIds;
  readonly views: Views;
  readonly registration: Registration;
  readonly random: Random;
}

/** One member as a list shows them. */
export interface ListedMember {
  readonly userId: string;
  readonly role: 'owner' | 'admin' | 'member';
  readonly joinedSequence: number;
  readonly user: User;
}

/** Starting conversations and changing who is in them. */
export class Conversations {
  readonly #options: ConversationsOptions;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  /** Starts a conversation, or finds the one that already is; gives its id. */
  async create(
    userId: string,
    request: RequestOf<'create_conversation'>,
  ): Promise<{ readonly conversationId: string; readonly existing: boolean }> {
    const command = this.#createCommand(userId, request);
    const duplicate = await this.#options.writers.findDuplicate(command);
    if (duplicate !== null) return { conversationId: command.conversationId, existing: true };
    await this.refuseUnknown(request.memberIds);
    const outcome = await this.#options.writers.submit(command, null);
    return { conversationId: command.conversationId, existing: outcome.duplicate };
  }

  #createCommand(userId: string, request: RequestOf<'create_conversation'>): Command & { verb: 'create_conversation' } {
    const { ids, random } = this.#options;
    const clientMessageId = request.clientMessageId ?? random.urlSafe(22);
    const common = { verb: 'create_conversation', actorId: userId, clientMessageId } as const;
    if (request.conversationType === 'group') {
      const conversationId = ids.group(userId, clientMessageId);
      return { ...common, type: 'group', conversationId, title: request.title ?? null, memberIds: request.memberIds };
    }
    const others = request.memberIds.filter((memberId) => memberId !== userId);
    const [peerId] = others;
    if (peerId === undefined || others.length > 1) {
      throw new ConfabError('invalid', 'Field memberIds names exactly one other user in a direct conversation.');
    }
    if (request.title !== undefined) throw new ConfabError('invalid', 'A direct conversation has no title.');
    return { ...common, type: 'direct', conversationId: ids.direct(userId, peerId), title: null, memberIds: [peerId] };
  }

  async refuseUnknown(userIds: readonly string[]): Promise<void> {
    const unknown = await this.#options.registration.unknownAmong(userIds);
    if (unknown.length === 0) return;
    throw new ConfabError('unknown_members', `These users do not exist: ${unknown.join(', ')}.`, { userIds: unknown });
  }

  /** Adds members that exist. The lane waits for the look-up, so that what was sent behind it stays behind it. */
  async addMembers(userId: string, request: RequestOf<'add_members'>, lane: Lane | null): Promise<CommandOutcome> {
    const command: Command = {
      verb: 'add_members',
      conversationId: request.conversationId,
      actorId: userId,
      clientMessageId: request.clientMessageId,
      userIds: request.userIds,
      role: request.role ?? 'member',
    };
    const place = lane?.enter(request.clientMessageId) ?? null;
    const isMember = this.#options.writers.knownMember(request.conversationId, userId);
    const check = isMember === false ? Promise.resolve() : this.#checkAdded(command, request.userIds);
    await (lane === null ? check : lane.prepare(check));
    return await this.#options.writers.submit(command, place);
  }

  async #checkAdded(command: Command, userIds: readonly string[]): Promise<void> {
    const unknown = await this.#options.registration.unknownAmong(userIds);
    if (unknown.length === 0) return;
    const state = await this.#options.writers.stateOf(command.conversationId);
    // A stranger must not learn from this answer who has an account; the decision says not_found.
    if (state?.members.has(command.actorId) === true) await this.refuseUnknown(unknown);
  }

  async members(
    conversationId: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly members: readonly ListedMember[]; readonly next: string | null }> {
    const rows = await this.#options.views.list({
      view: 'member',
      partition: conversationId,
      after,
      limit: Math.min(limit, limits.pageItemsMax),
    });
    const users = await this.#options.registration.byIds(rows.map((row) => row.key));
    const members = rows.flatMap(({ key: userId, value }) => {
      const user = users.get(userId);
      return user === undefined
        ? []
        : [{ userId, role: value.role, joinedSequence: value.joinedSequence, user: userOf(user) }];
    });
    return { members, next: rows.length === limit ? (rows.at(-1)?.key ?? null) : null };
  }
}

