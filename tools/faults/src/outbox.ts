import type { Connection } from './connection.ts';
import { newRef } from './connection.ts';
import type { Attempt, History, Outcome } from './history.ts';
import { listIn, numberIn, textIn, type Frame } from './wire.ts';

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
  /** When a conversation may be sent to again, for those in which something was refused for now. */
  readonly #waits = new Map<string, number>();
  #connection: Connection | undefined;

  constructor(history: History, userId: () => string) {
    this.#history = history;
    this.#userId = userId;
  }

  async submit(message: Message): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry = { ...message, settle: resolve, attempt: undefined, isHeld: false };
    this.#entries.push(entry);
    if (this.#waits.has(message.conversationId)) entry.isHeld = true;
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
    this.#connection = connection;
    this.#waits.clear();
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
    else this.#proceed(entry, outcome);
    if (this.#waits.has(conversationId) && this.#underWay.get(conversationId) === 0)
      this.#release(conversationId);
  }

  /** What was accepted lets those behind it go, if there are any that wait. */
  #proceed(entry: Entry, outcome: Outcome): void {
    const { conversationId } = entry;
    this.#settle(entry, outcome);
    const isLast = this.#underWay.get(conversationId) === 0;
    if (!isLast || !this.#waits.has(conversationId) || this.#wasRefused.delete(conversationId)) return;
    this.#waits.delete(conversationId);
    for (const one of this.#entries) {
      if (one.isHeld && one.conversationId === conversationId) this.#send(one);
    }
  }

  /** Keeps what was refused for now, and all that is said behind it to the same conversation. */
  #hold(entry: Entry, retry: string, afterMs: unknown): void {
    entry.isHeld = true;
    if (this.#underWay.get(entry.conversationId) !== 0) this.#wasRefused.add(entry.conversationId);
    const waitMs = retry === 'after_resume' ? Number.POSITIVE_INFINITY : Number(afterMs ?? 0);
    this.#waits.set(entry.conversationId, Math.max(waitMs, this.#waits.get(entry.conversationId) ?? 0));
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

  /** Nothing of the conversation is on its way any more: what was refused goes again, in order, when it may. */
  #release(conversationId: string): void {
    const waitMs = this.#waits.get(conversationId) ?? 0;
    if (waitMs === Number.POSITIVE_INFINITY) return;
    const connection = this.#connection;
    setTimeout(() => {
      if (this.#connection !== connection) return;
      const first = this.#entries.find((one) => one.isHeld && one.conversationId === conversationId);
      if (first === undefined) this.#waits.delete(conversationId);
      else this.#send(first);
    }, waitMs);
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
