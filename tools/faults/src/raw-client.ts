import { Bell, passed, within } from './deadline.ts';
import { Connection } from './connection.ts';
import { ConversationCopy } from './conversation-copy.ts';
import type { History, Outcome } from './history.ts';
import { Outbox } from './outbox.ts';
import {
  isLogEvent,
  isObject,
  listIn,
  numberIn,
  objectIn,
  readHead,
  readLogEvent,
  readPage,
  readSummary,
  textIn,
  type Frame,
  type LogEvent,
  type Summary,
} from './wire.ts';

const HOLE_WAIT_MS = 500;
/** Before a refused sync goes again, where the refusal says no time. */
const BACK_OFF_MS = 100;
const CURSORS_MAX = 200;
const PENDING_MAX = 100;
const LEVEL_LIMIT_MS = 60_000;

export type DeviceOptions = {
  readonly baseUrl: () => string;
  readonly token: () => string;
  readonly deviceId: string;
  readonly instanceId: string;
  readonly history: History;
};

/**
 * One device of one user, written from the protocol page alone: it follows logs by the three-way compare, keeps what it
 * sends until that is acknowledged, and hands over its cursors when it connects again.
 */
export class Device {
  readonly bell = new Bell();
  readonly copies = new Map<string, ConversationCopy>();
  readonly summaries = new Map<string, Summary>();
  /** Every frame of a type that is neither a log event nor an answer to a send, newest last. */
  readonly heard: Frame[] = [];
  readonly outbox: Outbox;
  readonly #options: DeviceOptions;
  readonly #holeTimers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #activity: string[] = [];
  #connection: Connection | undefined;
  #ready: Frame | undefined;
  #isCaughtUp = false;
  #fault: Error | undefined;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.outbox = new Outbox(options.history, () => this.userId);
  }

  get userId(): string {
    if (this.#ready === undefined) throw new Error('this device was never ready');
    return textIn(this.#ready, 'userId');
  }

  get ownLogId(): string {
    if (this.#ready === undefined) throw new Error('this device was never ready');
    return textIn(objectIn(this.#ready, 'ownLog'), 'conversationId');
  }

  get name(): string {
    return `${this.userId}/${this.#options.deviceId}/${this.#options.instanceId}`;
  }

  get connection(): Connection {
    if (this.#connection === undefined) throw new Error('this device is not connected');
    return this.#connection;
  }

  /** Connects, resumes and waits for `caught_up`, then syncs what no cursor was handed over for. */
  async connect(limitMs = LEVEL_LIMIT_MS): Promise<void> {
    const connection = this.open();
    await this.bell.until(() => this.#isCaughtUp || connection.isClosed, 'caught_up', limitMs);
    if (this.#fault !== undefined) throw this.#fault;
    if (connection.isClosed)
      throw new Error(`closed before caught_up: ${JSON.stringify(await connection.closed)}`);
    await this.#syncWhatHeadsTold();
  }

  /** Opens a connection and does not wait. */
  open(): Connection {
    this.#isCaughtUp = false;
    this.#fault = undefined;
    this.#forgetHoles();
    this.summaries.clear();
    const connection = new Connection({
      baseUrl: this.#options.baseUrl(),
      headers: {},
      onFrame: (frame) => {
        if (this.#connection === connection) this.#hear(frame);
      },
    });
    this.#connection = connection;
    void connection.closed.then(() => {
      if (this.#connection === connection) this.outbox.lose();
      this.bell.ring();
    });
    return connection;
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#forgetHoles();
    connection.close();
    await within(5000, 'the close', connection.closed);
  }

  /** Says a message once and for all: resolves when it is accepted or refused for good, over any number of connections. */
  async say(
    conversationId: string,
    body: string,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<Outcome> {
    return this.outbox.submit({ conversationId, clientMessageId: crypto.randomUUID(), body, extra });
  }

  copy(conversationId: string): ConversationCopy {
    const known = this.copies.get(conversationId);
    if (known !== undefined) return known;
    const of = { userId: this.userId, device: this.name, conversationId };
    const made = new ConversationCopy(this.#options.history.stream(of));
    this.copies.set(conversationId, made);
    return made;
  }

  /** Waits until everything up to `sequence` of a conversation is applied. */
  async reach(conversationId: string, sequence: number, limitMs = 30_000): Promise<void> {
    const at = () => this.copies.get(conversationId)?.lastSequence ?? 0;
    const what = () => `${this.name} at ${at()} of ${sequence} in ${conversationId}`;
    await this.bell.until(() => at() >= sequence || this.#fault !== undefined, what, limitMs);
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Waits for a frame that was not asked for. */
  async hearing(isIt: (frame: Frame) => boolean, what: string, limitMs = 20_000): Promise<Frame> {
    await this.bell.until(() => this.heard.some(isIt), what, limitMs);
    const found = this.heard.find(isIt);
    if (found === undefined) throw new Error(what);
    return found;
  }

  /** Asks for pages until the copy stands at the head, or the device has connected anew: its resume brings the rest. */
  async sync(conversationId: string): Promise<void> {
    const { connection } = this;
    while (this.#connection === connection && !(await this.#isLevelAfterPage(conversationId)));
  }

  async #isLevelAfterPage(conversationId: string): Promise<boolean> {
    const copy = this.copies.get(conversationId);
    const before = copy?.lastSequence ?? 0;
    const after = copy?.cursor ?? null;
    const { connection } = this;
    const answer = await connection.ask({ type: 'sync', conversationId, after, limit: 200 });
    // It connected anew meanwhile: what an earlier connection still says is not heard, and the resume brings it all.
    if (this.#connection !== connection) return true;
    if (answer.type === 'error') return this.#isOverAfterRefusal(conversationId, answer);
    const page = readPage(answer);
    const now = this.copies.get(conversationId)?.lastSequence ?? 0;
    if (page.head === null || now >= page.head.sequence) return true;
    if (now === before && !page.isReset)
      throw new Error(`sync of ${conversationId} stays at ${now} below the head ${page.head.sequence}`);
    return false;
  }

  async #isOverAfterRefusal(conversationId: string, refusal: Frame): Promise<boolean> {
    if (refusal['retry'] === 'later') {
      await passed(Number(refusal['afterMs'] ?? BACK_OFF_MS));
      return false;
    }
    if (refusal['code'] !== 'not_found') throw new Error(`sync: ${JSON.stringify(refusal)}`);
    this.copies.get(conversationId)?.drop();
    return true;
  }

  #hear(frame: Frame): void {
    try {
      this.#take(frame);
      this.outbox.hear(frame);
    } catch (error) {
      this.#fault ??= asError(error);
    }
    this.bell.ring();
  }

  #take(frame: Frame): void {
    if (isLogEvent(frame)) return this.#offer(readLogEvent(frame));
    if (frame.type !== 'message_accepted') this.heard.push(frame);
    switch (frame.type) {
      case 'hello':
        return this.#authenticate();
      case 'ready':
        return this.#begin(frame);
      case 'heads':
        return listIn(frame, 'items')
          .map(readSummary)
          .forEach((summary) => this.#takeSummary(summary));
      case 'sync_page':
        return this.#takePage(frame);
      case 'head_event':
        return this.#syncLater(textIn(frame, 'conversationId'), 0);
      case 'receipt_event':
        return this.#takeReceipt(frame);
      case 'caught_up':
        this.#isCaughtUp = true;
        return;
      default:
    }
  }

  #authenticate(): void {
    this.connection.send({
      type: 'authenticate',
      token: this.#options.token(),
      deviceId: this.#options.deviceId,
      instanceId: this.#options.instanceId,
      client: 'confab-faults/1',
      resume: { cursors: this.cursors(), pending: this.outbox.pending().slice(0, PENDING_MAX) },
    });
  }

  /** The cursors in the order that the protocol asks for: the own log, then the newest activity. */
  cursors(): string[] {
    const own = this.#ready === undefined ? [] : [this.ownLogId];
    const newestFirst = [...new Set([...own, ...this.#activity.toReversed()])];
    return newestFirst
      .map((conversationId) => this.copies.get(conversationId)?.cursor)
      .filter((cursor) => cursor !== undefined)
      .slice(0, CURSORS_MAX);
  }

  #begin(ready: Frame): void {
    this.#ready = ready;
    const own = objectIn(ready, 'ownLog');
    const head = readHead(own['head']);
    const conversationId = textIn(own, 'conversationId');
    const isKnown = this.copies.has(conversationId);
    const copy = this.copy(conversationId);
    // No event names the beginning of an empty log, so that there was no cursor to hand over for it.
    if (head !== null && copy.cursor === undefined) {
      if (isKnown) this.#syncLater(conversationId, 0);
      else copy.beginAt(head);
    }
    this.outbox.resume(this.connection, ready);
  }

  #takeSummary(summary: Summary): void {
    this.summaries.set(summary.conversationId, summary);
    this.#claimUnread(summary.conversationId, {
      floor: summary.read,
      unread: summary.unread,
      headSequence: summary.head.sequence,
      headOrdinal: summary.head.ordinal,
    });
    const copy = this.copy(summary.conversationId);
    if (copy.cursor === undefined) copy.beginAt(summary.head);
    this.#activity.push(summary.conversationId);
  }

  #takeReceipt(frame: Frame): void {
    const floor = frame['floor'];
    if (!isObject(floor)) return;
    this.#claimUnread(textIn(frame, 'conversationId'), {
      floor: { sequence: numberIn(floor, 'sequence'), ordinal: numberIn(floor, 'ordinal') },
      unread: numberIn(frame, 'unread'),
      headSequence: numberIn(frame, 'headSequence'),
      headOrdinal: numberIn(frame, 'headOrdinal'),
    });
  }

  #claimUnread(
    conversationId: string,
    claim: {
      readonly floor: { readonly sequence: number; readonly ordinal: number };
      readonly unread: number;
      readonly headSequence: number;
      readonly headOrdinal: number;
    },
  ): void {
    this.#options.history.unreadClaims.push({ userId: this.userId, conversationId, ...claim });
  }

  #takePage(frame: Frame): void {
    const page = readPage(frame);
    const copy = this.copy(page.conversationId);
    copy.take(page);
    if (page.head === null) copy.drop();
    else if (page.events.length === 0 && page.isReset) copy.beginAt(page.head);
    this.#activity.push(page.conversationId);
  }

  #offer(event: LogEvent): void {
    const outcome = this.copy(event.conversationId).offer(event);
    if (outcome === 'applied') this.#activity.push(event.conversationId);
    if (this.#activity.length > 50_000) this.#activity.splice(0, 25_000);
    if (outcome === 'hole') this.#syncLater(event.conversationId, HOLE_WAIT_MS);
  }

  /** What waits to be asked for comes with the next resume. */
  #forgetHoles(): void {
    for (const timer of this.#holeTimers.values()) clearTimeout(timer);
    this.#holeTimers.clear();
  }

  #syncLater(conversationId: string, waitMs: number): void {
    if (this.#holeTimers.has(conversationId)) return;
    const timer = setTimeout(() => {
      this.#holeTimers.delete(conversationId);
      if (waitMs > 0 && this.copies.get(conversationId)?.hasHole !== true) return;
      const { connection } = this;
      if (connection.isClosed) return;
      this.sync(conversationId).catch((error: unknown) => {
        if (this.#connection === connection && !connection.isClosed) this.#fault ??= asError(error);
        this.bell.ring();
      });
    }, waitMs);
    this.#holeTimers.set(conversationId, timer);
  }

  async #syncWhatHeadsTold(): Promise<void> {
    for (const copy of this.copies.values()) {
      if (copy.conversationId === this.ownLogId || copy.isOver) continue;
      const summary = this.summaries.get(copy.conversationId);
      if (summary === undefined) {
        const isNew = copy.events.some((event) => event.sequence === copy.lastSequence);
        if (!isNew) copy.drop();
      } else if (copy.lastSequence < summary.head.sequence) await this.sync(copy.conversationId);
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
