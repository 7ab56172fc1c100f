import { createHash, type Hash } from 'node:crypto';
import type { ArchivePage, CursorAdvance, NewEvent, ViewPut } from '@confab/contracts';
import type { ConversationState, LogHead } from '@confab/conversation';
import { replayed } from '@confab/core';
import type { Store } from '../compose.ts';

/** Rows of one kind asked for at once. */
const PAGE_ITEMS = 500;
const READ_EVENTS = 1_000;
/** Characters of events in one commit. */
const COMMIT_CHARACTERS_MAX = 512 * 1024;
/** Conversations that are moved side by side. */
const SIDE_BY_SIDE = 16;
/** Tries to decide a commit whose outcome the target does not know, and the pause between two. */
const COMMIT_TRIES_MAX = 60;
const COMMIT_PAUSE_MS = 1_000;

/** What has been done so far. */
export interface MoveProgress {
  accounts: number;
  conversations: number;
  events: number;
  /** Events that an earlier run had moved, and that were compared. */
  eventsFound: number;
  work: number;
}

/** The stores, and who is told of each step. */
export interface MoveOptions {
  readonly from: Store;
  readonly to: Store;
  readonly onProgress: (progress: MoveProgress) => void;
}

/**
 * Moves everything from one store into another: the logs as they are, to the last character, and what follows from
 * them made again. It may be stopped at any moment and run again: each conversation goes on behind the last event that
 * the target has. Rejects where the target has another history of a conversation, or where what is read back from it
 * is not what was read.
 */
export async function moveStore({ from, to, onProgress }: MoveOptions): Promise<MoveProgress> {
  const progress: MoveProgress = { accounts: 0, conversations: 0, events: 0, eventsFound: 0, work: 0 };
  await eachItem(
    (after) => from.archive.accounts(after, PAGE_ITEMS),
    async (account) => {
      await to.archive.putAccount(account);
      progress.accounts += 1;
      onProgress(progress);
    },
  );
  await eachItem(
    (after) => from.archive.conversations(after, PAGE_ITEMS),
    async (conversationId) => {
      await new ConversationMove(from, to, conversationId, progress).run();
      progress.conversations += 1;
      onProgress(progress);
    },
  );
  // Last: what it does needs the conversations.
  await eachItem(
    (after) => from.archive.work(after, PAGE_ITEMS),
    async (item) => {
      await to.archive.putWork([item]);
      progress.work += 1;
      onProgress(progress);
    },
  );
  return progress;
}

async function eachItem<T>(
  pageAfter: (after: string | null) => Promise<ArchivePage<T>>,
  action: (item: T) => Promise<void>,
): Promise<void> {
  let after: string | null = null;
  do {
    const page: ArchivePage<T> = await pageAfter(after);
    const waiting = [...page.items];
    const worker = async (): Promise<void> => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await action(item);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    after = page.next;
  } while (after !== null);
}

/** One conversation on its way. */
class ConversationMove {
  readonly #from: Store;
  readonly #to: Store;
  readonly #conversationId: string;
  readonly #progress: MoveProgress;
  readonly #hash = createHash('sha256');
  #state: ConversationState | null = null;
  /** What the target has to begin with. */
  #present: LogHead | null = null;
  #waiting: NewEvent[] = [];
  #waitingViews = new Map<string, ViewPut>();
  #waitingCharacters = 0;

  constructor(from: Store, to: Store, conversationId: string, progress: MoveProgress) {
    this.#from = from;
    this.#to = to;
    this.#conversationId = conversationId;
    this.#progress = progress;
  }

  async run(): Promise<void> {
    const conversationId = this.#conversationId;
    // Whoever asks for a head finishes what its writer left undone, its work among it.
    await this.#from.log.heads([conversationId]);
    this.#present = (await this.#to.log.heads([conversationId])).get(conversationId) ?? null;
    for await (const event of eventsOf(this.#from, conversationId)) await this.#take(event);
    await this.#commit();
    const present = this.#present?.sequence ?? 0;
    if (present > (this.#state?.head.sequence ?? 0)) throw this.#differs('goes beyond');
    await this.#moveCursors();
    await this.#verify();
  }

  async #take(event: NewEvent): Promise<void> {
    addTo(this.#hash, event);
    const { state, views } = replayed(this.#state, event);
    this.#state = state;
    if (this.#present !== null && event.sequence <= this.#present.sequence) {
      if (event.sequence === this.#present.sequence && event.eventId !== this.#present.eventId)
        throw this.#differs('is not the same in');
      this.#progress.eventsFound += 1;
      return;
    }
    this.#waiting.push(event);
    this.#waitingCharacters += event.json.length;
    for (const put of views) this.#waitingViews.set(`${put.view} ${put.partition} ${put.key}`, put);
    const head = event.sequence - this.#waiting.length;
    const isFull = this.#waiting.length >= this.#to.log.room(head);
    if (isFull || this.#waitingCharacters > COMMIT_CHARACTERS_MAX) await this.#commit();
  }

  async #commit(): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined || this.#state === null) return;
    const request = {
      conversationId: this.#conversationId,
      expectedHead: first.sequence - 1,
      events: this.#waiting,
      head: this.#state.head,
      views: [...this.#waitingViews.values()],
      work: [],
    };
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#to.log.commit(request);
      // An earlier try that nobody knew of has been applied: then the head is the one that it was to have.
      if (outcome.kind === 'committed' || (await this.#isHead(request.head))) break;
      if (outcome.kind === 'head_moved' || outcome.kind === 'duplicates') throw this.#differs('changes in');
      if (tries === COMMIT_TRIES_MAX) throw new Error(`the target does not take commits: ${outcome.reason}`);
      await new Promise((resolve) => setTimeout(resolve, COMMIT_PAUSE_MS));
    }
    this.#progress.events += this.#waiting.length;
    this.#waiting = [];
    this.#waitingViews = new Map();
    this.#waitingCharacters = 0;
  }

  async #isHead({ eventId }: LogHead): Promise<boolean> {
    const heads = await this.#to.log.heads([this.#conversationId]).catch(() => null);
    return heads?.get(this.#conversationId)?.eventId === eventId;
  }

  async #moveCursors(): Promise<void> {
    let after: string | null = null;
    do {
      const page: ArchivePage<CursorAdvance> = await this.#from.archive.cursors(
        this.#conversationId,
        after,
        PAGE_ITEMS,
      );
      await this.#to.cursors.advance(page.items);
      after = page.next;
    } while (after !== null);
  }

  /** Reads the whole conversation back. */
  async #verify(): Promise<void> {
    const found = createHash('sha256');
    for await (const event of eventsOf(this.#to, this.#conversationId)) addTo(found, event);
    if (found.digest('hex') !== this.#hash.digest('hex'))
      throw this.#differs('was not read back as written from');
  }

  #differs(how: string): Error {
    return new Error(`The conversation ${this.#conversationId} ${how} the target.`);
  }
}

async function* eventsOf(store: Store, conversationId: string): AsyncGenerator<NewEvent> {
  for (let after = 0; ;) {
    const events = await store.archive.events(conversationId, after, READ_EVENTS);
    yield* events;
    const last = events.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

/** Each field behind its length, so that two different events never make one text. */
function addTo(hash: Hash, event: NewEvent): void {
  const { sequence, ordinal, eventId, senderId, clientMessageId, contentHash, sentAt, json } = event;
  const fields = [
    String(sequence),
    String(ordinal),
    eventId,
    senderId,
    clientMessageId,
    contentHash,
    sentAt,
    json,
  ];
  for (const field of fields) hash.update(`${field.length}:${field}`);
}
