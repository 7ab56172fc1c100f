import type { Stream } from './history.ts';
import { letsIn, letsOut, type Head, type LogEvent, type Page } from './wire.ts';

/** What became of an event that was offered. */
export type Compared = 'applied' | 'had' | 'hole';

/**
 * A device's copy of one conversation, kept by the three-way compare of the protocol: the next event is applied, one
 * that is there is dropped, one further on waits for what is missing.
 */
export class ConversationCopy {
  readonly conversationId: string;
  readonly #stream: Stream;
  readonly #ahead = new Map<number, LogEvent>();
  #last: { readonly sequence: number; readonly eventId: string } | undefined;
  #isOver = false;
  events: LogEvent[] = [];
  /** How many events came a second time: allowed, but worth counting. */
  repeated = 0;
  resets = 0;

  constructor(stream: Stream) {
    this.conversationId = stream.conversationId;
    this.#stream = stream;
  }

  get lastSequence(): number {
    return this.#last?.sequence ?? 0;
  }

  /** The `eventId` to resume from; none for a conversation that was left or of which nothing is known. */
  get cursor(): string | undefined {
    return this.#isOver ? undefined : this.#last?.eventId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get hasHole(): boolean {
    return this.#ahead.size > 0;
  }

  /** Begins at a head that was told without its events. */
  beginAt(head: Head): void {
    this.#last = head;
    this.#isOver = false;
    this.events = [];
    this.#stream.steps.push({ kind: 'base', sequence: head.sequence });
  }

  offer(event: LogEvent): Compared {
    const startsAgain = this.#isOver && event.sequence > this.lastSequence;
    if (startsAgain) this.forget();
    const expected = this.#last === undefined ? event.sequence : this.#last.sequence + 1;
    if (event.sequence < expected) {
      this.repeated += 1;
      return 'had';
    }
    if (event.sequence > expected && !letsIn(event, this.#stream.userId)) {
      this.#ahead.set(event.sequence, event);
      return 'hole';
    }
    this.#apply(event);
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#apply(next);
    return 'applied';
  }

  take(page: Page): void {
    if (page.isReset) {
      this.resets += 1;
      this.#ahead.clear();
      this.#last = undefined;
      this.events = [];
      this.#stream.steps.push({ kind: 'reset' });
    }
    for (const event of page.events) this.offer(event);
  }

  /** There is no such conversation for this user any more. */
  drop(): void {
    if (this.#isOver && this.#last === undefined) return;
    this.forget();
    this.#isOver = true;
  }

  forget(): void {
    this.#isOver = false;
    this.#last = undefined;
    this.#ahead.clear();
    this.events = [];
    this.#stream.steps.push({ kind: 'gone' });
  }

  #apply(event: LogEvent): void {
    this.#last = event;
    this.events.push(event);
    this.#stream.steps.push({ kind: 'event', event, atMs: performance.now() });
    if (letsOut(event, this.#stream.userId)) this.#isOver = true;
  }

  #takeNext(): LogEvent | undefined {
    const sequence = this.lastSequence + 1;
    const event = this.#ahead.get(sequence);
    this.#ahead.delete(sequence);
    return event;
  }
}
