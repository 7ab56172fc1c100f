import { ConfabError } from '@confab/protocol';
import { storeLimits } from './settings.ts';
import { decodeAnswers, encodeWrite, type FromWriter, joinWrites } from './wire.ts';
import type { WriterLink } from './writer-link.ts';
import type { Answer, WriteKind, WriteRequests, WriteResults } from './write-requests.ts';

interface WaitingWrite {
  readonly characters: number;
  readonly settle: (answer: Answer) => void;
}

type State = 'open' | 'closing' | 'closed' | 'dead';

/** A refusal: certainly not written. Ports whose answers have no word for it throw it on as `unavailable`. */
export class WriteRefused extends ConfabError {
  constructor(reason: string) {
    super('unavailable', reason);
  }
}

/**
 * The serving thread's end of the writer. What is asked for in one turn of the event loop goes over in one message;
 * answers come in the order of the questions, so they carry no numbers.
 */
export class WriterClient {
  readonly #link: WriterLink;
  readonly #onFatal: (error: Error) => void;
  #state: State = 'open';
  #unsent: string[] = [];
  #isFlushPlanned = false;
  /** From `#answered` on: those that wait for their answer. */
  #waiting: WaitingWrite[] = [];
  #answered = 0;
  #waitingCharacters = 0;
  #onClosed: (() => void) | null = null;

  constructor(link: WriterLink, onFatal: (error: Error) => void) {
    this.#link = link;
    this.#onFatal = onFatal;
    link.listen(
      (message) => this.#receive(message),
      (reason) => this.#die(reason),
    );
  }

  /** Rejects with `WriteRefused` where it was certainly not written. Never settles after a fatal error. */
  write<K extends WriteKind>(kind: K, request: WriteRequests[K]): Promise<WriteResults[K]> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'dead') return;
      if (this.#state !== 'open') {
        reject(new WriteRefused('the store is closed'));
        return;
      }
      const encoded = encodeWrite(kind, request);
      if (this.#isFull(encoded.length)) {
        reject(new WriteRefused('too many writes wait for the disk'));
        return;
      }
      const settle = (answer: Answer): void => {
        switch (answer.kind) {
          case 'done':
            resolve(answer.result as WriteResults[K]);
            break;
          case 'refused':
            reject(new WriteRefused(answer.reason));
            break;
          case 'fault':
            reject(new Error(answer.message));
            break;
        }
      };
      this.#waiting.push({ characters: encoded.length, settle });
      this.#waitingCharacters += encoded.length;
      this.#unsent.push(encoded);
      this.#flushSoon();
    });
  }

  /** After everything asked for so far is answered. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#flush();
    this.#state = 'closing';
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    this.#link.post({ kind: 'close' });
    await closed;
  }

  #isFull(characters: number): boolean {
    const waiting = this.#waiting.length - this.#answered;
    return (
      waiting >= storeLimits.waitingRequestsMax ||
      this.#waitingCharacters + characters > storeLimits.waitingCharactersMax
    );
  }

  #flushSoon(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#unsent.length === 0 || this.#state === 'dead') return;
    const text = joinWrites(this.#unsent);
    this.#unsent = [];
    this.#link.post(text);
  }

  #receive(message: FromWriter): void {
    if (typeof message === 'string') {
      // Planned before anybody hears an answer: what they ask for next must not wait until sockets are written.
      this.#flushSoon();
      this.#settleAll(decodeAnswers(message));
      return;
    }
    switch (message.kind) {
      case 'fatal':
        this.#die(message.message);
        break;
      case 'closed':
        this.#state = 'closed';
        this.#link.end();
        this.#onClosed?.();
        break;
      case 'ready':
      case 'not_opened':
        break;
    }
  }

  #settleAll(answers: readonly Answer[]): void {
    if (this.#state === 'dead') return;
    for (const answer of answers) {
      const write = this.#waiting[this.#answered];
      this.#answered += 1;
      if (write === undefined) throw new Error('the writer answered what nobody asked');
      this.#waitingCharacters -= write.characters;
      write.settle(answer);
    }
    if (this.#answered === this.#waiting.length || this.#answered > storeLimits.requestsPerTransactionMax) {
      this.#waiting = this.#waiting.slice(this.#answered);
      this.#answered = 0;
    }
  }

  #die(message: string): void {
    if (this.#state === 'dead' || this.#state === 'closed') return;
    this.#state = 'dead';
    this.#link.end();
    this.#onFatal(new Error(message));
  }
}
