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
  #connection: Connection | undefined;

  constructor(history: History, userId: () => string) {
    this.#history = history;
    this.#userId = userId;
  }

  async submit(message: Message): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const entry: Entry = { ...message, settle: resolve, attempt: undefined, isHeld: false };
    this.#entries.push(entry);
    if (this.#isBlocked(entry.conversationId)) entry.isHeld = true;
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
    for (const row of listIn(ready, 'landed')) this.#land(row as readonly unknown[], connection);
    for (const entry of this.#entries) this.#send(entry);
  }

  /** The connection went: the answers to what is on its way will not come. */
  lose(): void {
    this.#connection = undefined;
    this.#byRef.clear();
  }

  hear(frame: Frame): void {
    const ref = frame['ref'];
    const entry = typeof ref === 'string' ? this.#byRef.get(ref) : undefined;
    if (entry === undefined || typeof ref !== 'string') return;
    this.#byRef.delete(ref);
    const outcome = outcomeOf(frame);
    if (entry.attempt !== undefined) this.#history.end(entry.attempt, outcome);
    if (outcome.kind === 'refused' && outcome.retry !== 'never') entry.isHeld = true;
    else this.#settle(entry, outcome);
    if (outcome.kind !== 'refused' || outcome.retry !== 'after_resume') this.#release(entry.conversationId);
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

  /** What was refused for now goes again, in order, once nothing of the conversation is on its way. */
  #release(conversationId: string): void {
    const inFlight = [...this.#byRef.values()].some((one) => one.conversationId === conversationId);
    if (inFlight) return;
    for (const entry of this.#entries) {
      if (entry.isHeld && entry.conversationId === conversationId) this.#send(entry);
    }
  }

  #isBlocked(conversationId: string): boolean {
    return this.#entries.some((one) => one.isHeld && one.conversationId === conversationId);
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
