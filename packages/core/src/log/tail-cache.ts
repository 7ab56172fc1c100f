import type { StoredEvent } from '@confab/contracts';

/** Bytes of events kept for all conversations together; the least recently touched go first. */
const TAIL_BYTES_MAX = 48 * 1024 * 1024;
/** Events kept of one conversation. */
const TAIL_EVENTS_MAX = 512;

interface Tail {
  events: StoredEvent[];
  bytes: number;
}

/**
 * The newest events of busy conversations, as they were committed here. A reconnecting crowd reads the same tails, so
 * these answer without the store. A tail has no hole: what does not follow starts it anew.
 */
export class TailCache {
  readonly #tails = new Map<string, Tail>();
  #bytes = 0;

  /** Adds events that were committed, ascending. */
  append(conversationId: string, events: readonly StoredEvent[]): void {
    const tail = this.#tails.get(conversationId) ?? { events: [], bytes: 0 };
    this.#tails.delete(conversationId);
    this.#tails.set(conversationId, tail);
    for (const event of events) this.#push(tail, event);
    while (tail.events.length > TAIL_EVENTS_MAX * 2) this.#trim(tail);
    while (this.#bytes > TAIL_BYTES_MAX && this.#tails.size > 1) this.#evictOldest();
  }

  /** Whether the event at a sequence, or a later one, was added. */
  reaches(conversationId: string, sequence: number): boolean {
    return (this.#tails.get(conversationId)?.events.at(-1)?.sequence ?? 0) >= sequence;
  }

  #push(tail: Tail, event: StoredEvent): void {
    const last = tail.events.at(-1);
    if (last !== undefined && event.sequence <= last.sequence) return;
    if (last !== undefined && event.sequence !== last.sequence + 1) {
      this.#bytes -= tail.bytes;
      tail.events = [];
      tail.bytes = 0;
    }
    tail.events.push(event);
    tail.bytes += event.json.length;
    this.#bytes += event.json.length;
  }

  #trim(tail: Tail): void {
    const dropped = tail.events.splice(0, tail.events.length - TAIL_EVENTS_MAX);
    for (const event of dropped) {
      tail.bytes -= event.json.length;
      this.#bytes -= event.json.length;
    }
  }

  #evictOldest(): void {
    const oldest = this.#tails.entries().next().value;
    if (oldest === undefined) return;
    this.#tails.delete(oldest[0]);
    this.#bytes -= oldest[1].bytes;
  }

  /**
   * The events above `after`, or null where the tail does not reach back so far or does not yet reach `through`.
   */
  above(conversationId: string, after: number, through: number): readonly StoredEvent[] | null {
    const tail = this.#tails.get(conversationId);
    const first = tail?.events[0];
    const last = tail?.events.at(-1);
    if (tail === undefined || first === undefined || last === undefined) return null;
    if (first.sequence > after + 1 || last.sequence < through) return null;
    return tail.events.slice(Math.max(0, after + 1 - first.sequence));
  }

  /** One event, where it is kept. */
  at(conversationId: string, sequence: number): StoredEvent | null {
    const tail = this.#tails.get(conversationId);
    const first = tail?.events[0];
    if (tail === undefined || first === undefined) return null;
    return tail.events[sequence - first.sequence] ?? null;
  }
}
