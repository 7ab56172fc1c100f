import { compareArrival } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';

/**
 * What a device has of one log: the events it applied, one after the other, above a place it began at. It throws where
 * it is told of two events at one place, which no reader may ever be.
 */
export class DeviceLog {
  readonly conversationId: string;
  readonly events: LogEvent[] = [];
  /** The sequence the device began after. */
  readonly base: number;
  readonly #baseCursor: string | null;

  constructor(conversationId: string, base: { readonly sequence: number; readonly eventId: string | null }) {
    this.conversationId = conversationId;
    this.base = base.sequence;
    this.#baseCursor = base.eventId;
  }

  get reached(): number {
    return this.base + this.events.length;
  }

  /** The last event applied, which is the resume cursor; null where there is none yet. */
  get cursor(): string | null {
    return this.events.at(-1)?.eventId ?? this.#baseCursor;
  }

  /** Applies the next event; an old one is dropped, and at a gap nothing happens. */
  apply(event: LogEvent): 'applied' | 'old' | 'gap' {
    const arrival = compareArrival(this.reached, event.sequence);
    if (arrival === 'gap') return 'gap';
    if (arrival === 'next') {
      this.events.push(event);
      return 'applied';
    }
    const known = this.events[event.sequence - this.base - 1];
    if (known !== undefined && known.eventId !== event.eventId) {
      throw new Error(`two events at ${event.sequence} of ${this.conversationId}`);
    }
    return 'old';
  }
}
