import type { LogEvent } from './wire.ts';

/** How a send ended; `unknown` where the connection went before an answer came. */
export type Outcome =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'accepted';
      readonly sequence: number;
      readonly messageId: string;
      readonly isDuplicate: boolean;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly retry: string };

/** One attempt to send one message. Its body is unlike that of any other clientMessageId, so that the log can be read. */
export type Attempt = {
  readonly userId: string;
  readonly connection: string;
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
  readonly invokedAtMs: number;
  endedAtMs: number | undefined;
  outcome: Outcome;
};

/** What a device did with one conversation, in order. */
export type Step =
  | { readonly kind: 'base'; readonly sequence: number }
  | { readonly kind: 'event'; readonly event: LogEvent; readonly atMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'gone' };

/** Everything that one device of one user applied of one conversation. */
export type Stream = {
  readonly userId: string;
  readonly device: string;
  readonly conversationId: string;
  readonly steps: Step[];
};

/** What the server once said of a user's unread count at a head. */
export type UnreadClaim = {
  readonly userId: string;
  readonly conversationId: string;
  readonly floor: { readonly sequence: number; readonly ordinal: number };
  readonly unread: number;
  readonly headSequence: number;
  readonly headOrdinal: number;
};

/** Everything said and heard, by all devices of a scenario. */
export class History {
  readonly attempts: Attempt[] = [];
  readonly unreadClaims: UnreadClaim[] = [];
  readonly #streams = new Map<string, Stream>();

  invoke(attempt: Omit<Attempt, 'invokedAtMs' | 'endedAtMs' | 'outcome'>): Attempt {
    const started: Attempt = {
      ...attempt,
      invokedAtMs: performance.now(),
      endedAtMs: undefined,
      outcome: { kind: 'unknown' },
    };
    this.attempts.push(started);
    return started;
  }

  end(attempt: Attempt, outcome: Outcome): void {
    attempt.endedAtMs = performance.now();
    attempt.outcome = outcome;
  }

  stream(of: Omit<Stream, 'steps'>): Stream {
    const key = `${of.device} ${of.conversationId}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const made = { ...of, steps: [] };
    this.#streams.set(key, made);
    return made;
  }

  streams(): Stream[] {
    return [...this.#streams.values()];
  }
}
