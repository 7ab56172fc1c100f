import { compareArrival } from '@confab/conversation';
import type { EventPage, LogEvent } from '@confab/protocol';
import type { Timers } from '../client-types.ts';
import type { ChatError } from '../errors.ts';

/** How long a hole may be the network's disorder before it is asked about. */
const GRACE_MS = 500;
/** A sync that got no answer in this time is asked again. */
const SYNC_TIMEOUT_MS = 10_000;
const SYNC_RETRY_MS = 2_000;
/** Events kept that came too early. What is beyond is fetched, not kept. */
const AHEAD_MAX = 256;

/** The last event applied. `eventId` is null only at 0, before the first event. */
export interface Position {
  readonly sequence: number;
  readonly eventId: string | null;
}

interface FollowerHandlers {
  /** The next event. */
  readonly apply: (event: LogEvent) => void;
  /** History on the server is another than the one held: what is held up to now is dropped; `position` follows. */
  readonly reset: (position: Position) => void;
  /** There is no such conversation for this user. */
  readonly gone: () => void;
  /** `isBehind` may have changed. */
  readonly changed: () => void;
}

export interface FollowerOptions {
  readonly conversationId: string;
  readonly position: Position;
  readonly timers: Timers;
  /** Asks for what comes after the position. False where there is no link that is caught up: then `caughtUp` will come. */
  readonly requestSync: (conversationId: string, after: string | null) => boolean;
  readonly handlers: FollowerHandlers;
}

/**
 * Follows one log: whatever order, however often and with whatever losses events arrive, they are applied in order,
 * each once, none left out. The three-way compare: the next event is applied, an old one dropped, and where there is
 * a hole it waits a moment and then asks for what is missing.
 */
export class LogFollower {
  readonly #options: FollowerOptions;
  #position: Position;
  #knownHead: number;
  readonly #ahead = new Map<number, LogEvent>();
  #cancelTimer: (() => void) | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#knownHead = options.position.sequence;
  }

  get position(): Position {
    return this.#position;
  }

  /** Whether events are known to exist that were not applied. */
  get isBehind(): boolean {
    return this.#knownHead > this.#position.sequence;
  }

  arrive(event: LogEvent): void {
    switch (compareArrival(this.#position.sequence, event.sequence)) {
      case 'next':
        this.#apply(event);
        this.#drainAhead();
        break;
      case 'old':
        return;
      case 'gap':
        if (this.#ahead.size < AHEAD_MAX) this.#ahead.set(event.sequence, event);
        this.#knownHead = Math.max(this.#knownHead, event.sequence);
        break;
    }
    this.#settle();
  }

  takePage(page: EventPage): void {
    if (page.head === null) {
      this.stop();
      this.#options.handlers.gone();
      return;
    }
    if (page.reset === true)
      this.#reset(page.events[0], { sequence: page.head.sequence, eventId: page.head.eventId });
    const before = this.#position.sequence;
    for (const event of page.events) {
      if (compareArrival(this.#position.sequence, event.sequence) === 'next') this.#apply(event);
    }
    this.#drainAhead();
    this.#knownHead = Math.max(
      page.reset === true ? this.#position.sequence : this.#knownHead,
      page.head.sequence,
    );
    this.#cancel();
    // A page that brought nothing is no reason to ask the same again at once.
    if (this.isBehind && this.#position.sequence > before) this.#sync();
    else this.#settle();
  }

  /** The log is known to reach up to here. `isFinal`: what is missing is not on its way, so it is asked for at once. */
  noteHead(sequence: number, isFinal = false): void {
    if (sequence <= this.#knownHead) return;
    this.#knownHead = sequence;
    if (isFinal && this.#cancelTimer === null) this.#sync();
    this.#settle();
  }

  /** Begins anew at a place the server named, for instance where the cursor was not handed over. */
  jumpTo(position: Position): void {
    this.#reset(undefined, position);
    this.#drainAhead();
    this.#settle();
  }

  syncFailed(error: ChatError): void {
    this.#cancel();
    if (error.code === 'not_found') {
      this.stop();
      this.#options.handlers.gone();
      return;
    }
    if (this.isBehind) this.#arm(error.afterMs ?? SYNC_RETRY_MS);
  }

  /** The backfill is over: what is missing now is missing. */
  caughtUp(): void {
    this.#settle();
  }

  connectionLost(): void {
    this.#cancel();
    // Early events of a link that is gone may belong to a history that a restored server no longer has.
    this.#ahead.clear();
    this.#options.handlers.changed();
  }

  stop(): void {
    this.#cancel();
    this.#ahead.clear();
  }

  #apply(event: LogEvent): void {
    this.#position = { sequence: event.sequence, eventId: event.eventId };
    this.#knownHead = Math.max(this.#knownHead, event.sequence);
    this.#options.handlers.apply(event);
  }

  #drainAhead(): void {
    for (;;) {
      const next = this.#ahead.get(this.#position.sequence + 1);
      if (next === undefined) break;
      this.#apply(next);
    }
    for (const sequence of this.#ahead.keys()) {
      if (sequence <= this.#position.sequence) this.#ahead.delete(sequence);
    }
  }

  #reset(first: LogEvent | undefined, head: Position): void {
    this.#position = first === undefined ? head : { sequence: first.sequence - 1, eventId: null };
    this.#knownHead = this.#position.sequence;
    this.#options.handlers.reset(this.#position);
  }

  #settle(): void {
    this.#options.handlers.changed();
    if (!this.isBehind) this.#cancel();
    else if (this.#cancelTimer === null) this.#arm(GRACE_MS);
  }

  #arm(delayMs: number): void {
    this.#cancel();
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      this.#cancelTimer = null;
      this.#sync();
    });
  }

  #sync(): void {
    const { conversationId, requestSync } = this.#options;
    if (requestSync(conversationId, this.#position.eventId)) this.#arm(SYNC_TIMEOUT_MS);
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}
