import type { Database } from 'bun:sqlite';
import { storeLimits } from '../settings.ts';
import { decodeWrites, encodeAnswers, type FromWriter } from '../wire.ts';
import type { Write } from '../write-requests.ts';
import { errorText } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { WriteExecutor } from './write-executor.ts';

/** One of the threads that write: where its answers go. */
export interface Asker {
  readonly post: (message: FromWriter) => void;
}

interface Surroundings {
  /** Told what concerns every thread that writes: a fatal error, the end. */
  readonly postToAll: (message: FromWriter) => void;
  /** Calls back once every message that has arrived was handed over. */
  readonly soon: (action: () => void) => void;
  readonly checkpointMib: number;
}

/** Writes of one thread that came one after the other. */
interface Parcel {
  readonly asker: Asker;
  readonly writes: Write[];
}

/** Collects what arrives while a transaction is on its way to the disk, and commits that together next. */
export class WriterLoop {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #surroundings: Surroundings;
  /** Nothing stands twice in a row by one asker, so that what it asked for meanwhile is answered in one message. */
  #waiting: Parcel[] = [];
  #leaving: Asker[] = [];
  #isScheduled = false;
  #isClosing = false;
  #isDead = false;

  constructor(db: Database, surroundings: Surroundings) {
    this.#db = db;
    this.#group = new GroupCommit(db, new WriteExecutor(db), surroundings.checkpointMib);
    this.#surroundings = surroundings;
  }

  accept(text: string, asker: Asker): void {
    const writes = decodeWrites(text);
    const last = this.#waiting.at(-1);
    if (last?.asker === asker) last.writes.push(...writes);
    else this.#waiting.push({ asker, writes: [...writes] });
    this.#schedule();
  }

  /** One thread asks for nothing more: told so after its last answer. */
  dismiss(asker: Asker): void {
    this.#leaving.push(asker);
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
      const parcels = this.#take(storeLimits.requestsPerTransactionMax);
      if (parcels.length > 0) this.#commit(parcels);
      if (this.#waiting.length > 0) this.#schedule();
      else this.#sayGoodbye();
    } catch (error) {
      this.#isDead = true;
      this.#surroundings.postToAll({ kind: 'fatal', message: errorText(error) });
    }
  }

  #commit(parcels: readonly Parcel[]): void {
    const answers = this.#group.run(parcels.flatMap(({ writes }) => writes));
    let at = 0;
    for (const { asker, writes } of parcels) {
      asker.post(encodeAnswers(answers.slice(at, at + writes.length)));
      at += writes.length;
    }
    this.#group.checkpoint();
  }

  /** The first writes that wait, at most so many. */
  #take(writesMax: number): readonly Parcel[] {
    const taken: Parcel[] = [];
    let room = writesMax;
    for (let first = this.#waiting[0]; first !== undefined && room > 0; first = this.#waiting[0]) {
      const { asker, writes } = first;
      if (writes.length <= room) this.#waiting.shift();
      const part = writes.length <= room ? writes : writes.splice(0, room);
      taken.push({ asker, writes: part });
      room -= part.length;
    }
    return taken;
  }

  #sayGoodbye(): void {
    for (const asker of this.#leaving.splice(0)) asker.post({ kind: 'closed' });
    if (!this.#isClosing) return;
    this.#db.close();
    this.#isDead = true;
    this.#surroundings.postToAll({ kind: 'closed' });
  }
}
