import type { Connection } from './connection.ts';
import { newRef } from './connection.ts';
import type { Attempt, History, Outcome } from './history.ts';
import { listIn, numberIn, textIn, type Frame } from './wire.ts';

/** Before a refused send goes again, where the refusal says no time. */
const BACK_OFF_MS = 100;

export type Message = {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
  readonly extra: Readonly<Record<string, unknown>>;
};

type Entry = Message & {
  readonly settle: (outcome: Outcome) => void;
  attempt: Attempt | undefined;
  isHeld: boolean;
};

/** A conversation in which something was refused for now: it waits, or the first of what was refused is on its way. */
type Lane = { readonly kind: 'waiting'; readonly waitMs: number } | { readonly kind: 'probing' };

/**
 * What was said and is not acknowledged, in the order in which it was said. A message stays until the server has
 * accepted it or refused it for good; after a new connection all that did not land is sent again, in order.
 */
export class Outbox {
  readonly #history: History;
  readonly #userId: () => string;
  readonly #entries: Entry[] = [];
  readonly #byRef = new Map<string, Entry>();
  /** How many sends to a conversation are on their way. */
  readonly #underWay = new Map<string, number>();
  readonly #lanes = new Map<string, Lane>();
  #connection: Connection | undefined;

  constructor(history: History, userId: () => string) {
    this.#history = history;
    this.#userId = userId;
  }

  async submit(message: Message): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry = { ...message, settle: resolve, attempt: undefined, isHeld: false };
    this.#entries.push(entry);
    if (this.#lanes.has(message.conversationId)) entry.isHeld = true;
    else this.#send(entry);
    return promise;
  }

  pending(): (readonly [string, string])[] {
    return this.#entries.map(
      ({ conversationId, clientMessageId }) => [conversationId, clientMessageId] as const,
    );
  }

  /** Takes what `ready` says has landed and sends the rest again. */
  resume(connection: Connection, ready: Frame): void {
    // What an older connection that is still open might answer is not waited for.
    this.lose();
    this.#connection = connection;
    this.#lanes.clear();
    for (const row of listIn(ready, 'landed')) this.#land(row as readonly unknown[], connection);
    for (const entry of this.#entries) this.#send(entry);
  }

  /** The connection went: the answers to what is on its way will not come. */
  lose(): void {
    this.#connection = undefined;
    this.#byRef.clear();
    this.#underWay.clear();
  }

  hear(frame: Frame): void {
    const ref = frame['ref'];
    const entry = typeof ref === 'string' ? this.#byRef.get(ref) : undefined;
    if (entry === undefined || typeof ref !== 'string') return;
    this.#byRef.delete(ref);
    const outcome = outcomeOf(frame);
    if (entry.attempt !== undefined) this.#history.end(entry.attempt, outcome);
    const { conversationId } = entry;
    this.#underWay.set(conversationId, (this.#underWay.get(conversationId) ?? 1) - 1);
    if (outcome.kind === 'refused' && outcome.retry !== 'never')
      this.#hold(entry, outcome.retry, frame['afterMs']);
    else {
      this.#settle(entry, outcome);
      if (this.#lanes.get(conversationId)?.kind === 'probing') this.#open(conversationId);
    }
    const lane = this.#lanes.get(conversationId);
    if (lane?.kind === 'waiting' && this.#underWay.get(conversationId) === 0)
      this.#probe(conversationId, lane.waitMs);
  }

  /** Keeps what was refused for now, and all that is said behind it to the same conversation. */
  #hold(entry: Entry, retry: string, afterMs: unknown): void {
    entry.isHeld = true;
    const lane = this.#lanes.get(entry.conversationId);
    const waitMs = retry === 'after_resume' ? Number.POSITIVE_INFINITY : Number(afterMs ?? BACK_OFF_MS);
    const waitedMs = lane?.kind === 'waiting' ? lane.waitMs : 0;
    this.#lanes.set(entry.conversationId, { kind: 'waiting', waitMs: Math.max(waitMs, waitedMs) });
  }

  /** Nothing of the conversation is on its way any more: the first that was refused goes again, when it may. */
  #probe(conversationId: string, waitMs: number): void {
    if (waitMs === Number.POSITIVE_INFINITY) return;
    const connection = this.#connection;
    setTimeout(() => {
      const first = this.#entries.find((one) => one.isHeld && one.conversationId === conversationId);
      if (first === undefined || this.#connection !== connection) return;
      this.#lanes.set(conversationId, { kind: 'probing' });
      this.#send(first);
    }, waitMs);
  }

  /** The first that was refused is through: those behind it go, in order. */
  #open(conversationId: string): void {
    this.#lanes.delete(conversationId);
    for (const entry of this.#entries) {
      if (entry.isHeld && entry.conversationId === conversationId) this.#send(entry);
    }
  }

  #send(entry: Entry): void {
    if (this.#connection === undefined) return;
    const { conversationId, clientMessageId, body, extra } = entry;
    const ref = newRef();
    entry.isHeld = false;
    entry.attempt = this.#history.invoke({
      userId: this.#userId(),
      connection: this.#connection.name,
      conversationId,
      clientMessageId,
      body,
    });
    this.#byRef.set(ref, entry);
    this.#underWay.set(conversationId, (this.#underWay.get(conversationId) ?? 0) + 1);
    this.#connection.send({ type: 'send_message', ref, conversationId, clientMessageId, body, ...extra });
  }

  #land(row: readonly unknown[], connection: Connection): void {
    const [conversationId, clientMessageId, messageId, sequence] = row;
    const entry = this.#entries.find(
      (one) => one.conversationId === conversationId && one.clientMessageId === clientMessageId,
    );
    if (entry === undefined) throw new Error(`landed what was not asked for: ${JSON.stringify(row)}`);
    const attempt = this.#history.invoke({ ...entry, userId: this.#userId(), connection: connection.name });
    const place = { messageId: String(messageId), sequence: Number(sequence) };
    const outcome: Outcome = { kind: 'accepted', isDuplicate: true, ...place };
    this.#history.end(attempt, outcome);
    this.#settle(entry, outcome);
  }

  #settle(entry: Entry, outcome: Outcome): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    entry.settle(outcome);
  }
}

function outcomeOf(frame: Frame): Outcome {
  if (frame.type === 'error') {
    return { kind: 'refused', code: textIn(frame, 'code'), retry: textIn(frame, 'retry') };
  }
  if (frame.type !== 'message_accepted') throw new Error(`no answer to a send: ${JSON.stringify(frame)}`);
  return {
    kind: 'accepted',
    sequence: numberIn(frame, 'sequence'),
    messageId: textIn(frame, 'messageId'),
    isDuplicate: frame['duplicate'] === true,
  };
}
