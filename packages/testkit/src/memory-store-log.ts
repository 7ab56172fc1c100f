import {
  checkCommit,
  clientIdText,
  type CommitOutcome,
  type CommitRequest,
  type ConversationLog,
  type Duplicate,
  EVENTS_PER_COMMIT_MAX,
  type FoundEvent,
  type IdempotencyKey,
  type NewEvent,
  type OwnCountQuestion,
  type ReadRequest,
  type StoredEvent,
} from '@confab/contracts';
import type { LogHead } from '@confab/conversation';
import { isCountable } from '@confab/protocol';
import type { MemoryViews } from './memory-store-views.ts';
import type { MemoryWork } from './memory-store-work.ts';

/**
 * What the next commits do instead of being carried out. `unknown_applied` was written although the answer says that
 * nobody knows; `unknown_not_applied` was not.
 */
export type CommitFault = 'unavailable' | 'unknown_applied' | 'unknown_not_applied';

interface Conversation {
  head: LogHead;
  readonly events: StoredEvent[];
  readonly byKey: Map<string, FoundEvent>;
}

export class MemoryLog implements ConversationLog {
  readonly #conversations = new Map<string, Conversation>();
  /** Commits whose views and work do not stand yet: at most the newest of a conversation. */
  readonly #unfinished = new Map<string, CommitRequest>();
  readonly #faults: CommitFault[] = [];
  readonly #views: MemoryViews;
  readonly #work: MemoryWork;

  readonly #bucketEvents: number;

  constructor(views: MemoryViews, work: MemoryWork, bucketEvents: number) {
    this.#views = views;
    this.#work = work;
    this.#bucketEvents = bucketEvents;
  }

  room(head: number): number {
    return Math.min(EVENTS_PER_COMMIT_MAX, this.#bucketEvents - (head % this.#bucketEvents));
  }

  failNext(faults: readonly CommitFault[]): void {
    this.#faults.push(...faults);
  }

  conversationIds(): readonly string[] {
    return [...this.#conversations.keys()];
  }

  /** Through which sequence views and work stand. */
  finishedSequence(conversationId: string): number {
    const unfinished = this.#unfinished.get(conversationId);
    if (unfinished !== undefined) return unfinished.expectedHead;
    return this.#conversations.get(conversationId)?.head.sequence ?? 0;
  }

  async commitUnfinished(request: CommitRequest): Promise<CommitOutcome> {
    checkCommit(request, this.room(request.expectedHead));
    return this.#append(request);
  }

  finish(conversationId: string): void {
    const unfinished = this.#unfinished.get(conversationId);
    if (unfinished === undefined) return;
    this.#unfinished.delete(conversationId);
    for (const put of unfinished.views) this.#views.put(put);
    for (const item of unfinished.work) this.#work.add(item);
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    checkCommit(request, this.room(request.expectedHead));
    const fault = this.#faults.shift();
    switch (fault) {
      case undefined:
        return this.#apply(request);
      case 'unavailable':
        return { kind: 'unavailable', reason: 'told to fail' };
      case 'unknown_not_applied':
        return { kind: 'unknown', reason: 'told to fail before the commit' };
      case 'unknown_applied': {
        const outcome = this.#apply(request);
        return outcome.kind === 'committed'
          ? { kind: 'unknown', reason: 'told to fail after the commit' }
          : outcome;
      }
    }
  }

  async heads(conversationIds: readonly string[]): Promise<ReadonlyMap<string, LogHead>> {
    const heads = new Map<string, LogHead>();
    for (const conversationId of conversationIds) {
      this.finish(conversationId);
      const conversation = this.#conversations.get(conversationId);
      if (conversation !== undefined) heads.set(conversationId, conversation.head);
    }
    return heads;
  }

  async read(request: ReadRequest): Promise<readonly StoredEvent[]> {
    const { after, before, limit, bytesMax, type } = request;
    const events = this.#conversations.get(request.conversationId)?.events ?? [];
    const inRange = events
      .slice(after, before === null ? undefined : Math.max(after, before - 1))
      .filter((event) => type === null || event.type === type);
    if (before !== null) inRange.reverse();
    const page: StoredEvent[] = [];
    let bytes = 0;
    for (const event of inRange) {
      bytes += Buffer.byteLength(event.json);
      if (page.length >= limit || (page.length > 0 && bytes > bytesMax)) break;
      page.push(event);
    }
    return before === null ? page : page.reverse();
  }

  async findByClientIds(
    conversationId: string,
    keys: readonly IdempotencyKey[],
  ): Promise<readonly (FoundEvent | null)[]> {
    this.finish(conversationId);
    const byKey = this.#conversations.get(conversationId)?.byKey;
    return keys.map((key) => byKey?.get(clientIdText(key.userId, key.clientMessageId)) ?? null);
  }

  async countOwn(questions: readonly OwnCountQuestion[]): Promise<readonly number[]> {
    return questions.map(({ conversationId, userId, aboveSequence, throughSequence }) => {
      const events =
        this.#conversations.get(conversationId)?.events.slice(aboveSequence, throughSequence) ?? [];
      return events.filter((event) => event.senderId === userId && isCountable(event.type)).length;
    });
  }

  /** One synchronous step, so that nothing comes between the checks and the writes. */
  #apply(request: CommitRequest): CommitOutcome {
    const outcome = this.#append(request);
    this.finish(request.conversationId);
    return outcome;
  }

  #append(request: CommitRequest): CommitOutcome {
    this.finish(request.conversationId);
    const known = this.#conversations.get(request.conversationId);
    const found = duplicatesIn(request.events, known);
    if (found.length > 0) return { kind: 'duplicates', found };
    if ((known?.head.sequence ?? 0) !== request.expectedHead) return { kind: 'head_moved' };

    const conversation = known ?? { head: request.head, events: [], byKey: new Map<string, FoundEvent>() };
    this.#conversations.set(request.conversationId, conversation);
    conversation.head = request.head;
    for (const { contentHash, ...event } of request.events) {
      conversation.events.push(event);
      conversation.byKey.set(clientIdText(event.senderId, event.clientMessageId), { event, contentHash });
    }
    this.#unfinished.set(request.conversationId, request);
    return { kind: 'committed' };
  }
}

function duplicatesIn(events: readonly NewEvent[], known: Conversation | undefined): readonly Duplicate[] {
  if (known === undefined) return [];
  return events.flatMap((event, index) => {
    const found = known.byKey.get(clientIdText(event.senderId, event.clientMessageId));
    return found === undefined ? [] : [{ ...found, index }];
  });
}
