import type { Database } from 'bun:sqlite';
import { storeLimits } from '../settings.ts';
import { decodeWrites, encodeAnswers, type FromWriter } from '../wire.ts';
import type { Write } from '../write-requests.ts';
import { errorText } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { WriteExecutor } from './write-executor.ts';

interface Surroundings {
  readonly post: (message: FromWriter) => void;
  /** Calls back once every message that has arrived was handed over. */
  readonly soon: (action: () => void) => void;
}

/** Collects what arrives while a transaction is on its way to the disk, and commits that together next. */
export class WriterLoop {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #surroundings: Surroundings;
  #waiting: Write[] = [];
  #isScheduled = false;
  #isClosing = false;
  #isDead = false;

  constructor(db: Database, surroundings: Surroundings) {
    this.#db = db;
    this.#group = new GroupCommit(db, new WriteExecutor(db));
    this.#surroundings = surroundings;
  }

  accept(text: string): void {
    const writes = decodeWrites(text);
    if (this.#waiting.length === 0) this.#waiting = [...writes];
    else this.#waiting.push(...writes);
    this.#schedule();
  }

  /** After everything accepted so far. */
  close(): void {
    this.#isClosing = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isDead) return;
    this.#isScheduled = true;
    this.#surroundings.soon(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    try {
      if (this.#waiting.length > 0) {
        const writes = this.#waiting.slice(0, storeLimits.requestsPerTransactionMax);
        this.#waiting = this.#waiting.slice(writes.length);
        this.#surroundings.post(encodeAnswers(this.#group.run(writes)));
        this.#group.checkpoint();
      }
      if (this.#waiting.length > 0) {
        this.#schedule();
      } else if (this.#isClosing) {
        this.#db.close();
        this.#isDead = true;
        this.#surroundings.post({ kind: 'closed' });
      }
    } catch (error) {
      this.#isDead = true;
      this.#surroundings.post({ kind: 'fatal', message: errorText(error) });
    }
  }
}
