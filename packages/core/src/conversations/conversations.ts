import type { Random, Views } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError, limits, type RequestOf, type User } from '@confab/protocol';
import type { Registration } from '../accounts/accounts.ts';
import type { Writers } from '../log/writers.ts';
import type { ConversationIds } from '../membership/access.ts';
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

  /**
   * Starts a conversation, or finds the one that already is; gives its id. With `afterMs` above 0 the user is over a
   * limit, and only what was started before is found.
   */
  async create(
    userId: string,
    request: RequestOf<'create_conversation'>,
    afterMs: number,
  ): Promise<{ readonly conversationId: string; readonly existing: boolean }> {
    const command = this.#createCommand(userId, request);
    const duplicate = await this.#options.writers.findDuplicate(command);
    if (duplicate !== null) return { conversationId: command.conversationId, existing: true };
    if (afterMs > 0) throw new ConfabError('rate_limited', undefined, { afterMs });
    refuseUnknown(await this.#options.registration.unknownAmong(request.memberIds));
    const outcome = await this.#options.writers.submit(command, null);
    return { conversationId: command.conversationId, existing: outcome.duplicate };
  }

  #createCommand(
    userId: string,
    request: RequestOf<'create_conversation'>,
  ): Command & { verb: 'create_conversation' } {
    const { ids, random } = this.#options;
    const clientMessageId = request.clientMessageId ?? random.urlSafe(22);
    const common = { verb: 'create_conversation', actorId: userId, clientMessageId } as const;
    if (request.conversationType === 'group') {
      const conversationId = ids.group(userId, clientMessageId);
      return {
        ...common,
        type: 'group',
        conversationId,
        title: request.title ?? null,
        memberIds: request.memberIds,
      };
    }
    const others = request.memberIds.filter((memberId) => memberId !== userId);
    const [peerId] = others;
    if (peerId === undefined || others.length > 1) {
      throw new ConfabError(
        'invalid',
        'Field memberIds names exactly one other user in a direct conversation.',
      );
    }
    if (request.title !== undefined) throw new ConfabError('invalid', 'A direct conversation has no title.');
    return {
      ...common,
      type: 'direct',
      conversationId: ids.direct(userId, peerId),
      title: null,
      memberIds: [peerId],
    };
  }

  /**
   * Refuses to add users that do not exist. Who is no member must not learn from this who has an account: they are told
   * what they are told of any conversation, unless they repeat what they did as a member.
   */
  async refuseUnknownAdded(command: Command & { verb: 'add_members' }): Promise<void> {
    const { registration, writers } = this.#options;
    const unknown = await registration.unknownAmong(command.userIds);
    if (unknown.length === 0 || (await writers.findDuplicate(command)) !== null) return;
    const state = await writers.stateOf(command.conversationId);
    if (state?.members.has(command.actorId) !== true) throw new ConfabError('not_found');
    refuseUnknown(unknown);
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

function refuseUnknown(userIds: readonly string[]): void {
  if (userIds.length === 0) return;
  throw new ConfabError('unknown_members', `These users do not exist: ${userIds.join(', ')}.`, { userIds });
}
