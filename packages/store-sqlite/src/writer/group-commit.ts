import type { Database } from 'bun:sqlite';
import { PAGE_BYTES, storeLimits } from '../settings.ts';
import type { Answer, Write } from '../write-requests.ts';
import { errorText, meaningOf } from './errors.ts';
import type { WriteExecutor } from './write-executor.ts';

const MIB = 2 ** 20;

/** Thrown where only a restart can tell what the file holds; nothing may be answered after it. */
class FatalStoreError extends Error {
  override readonly name = 'FatalStoreError';
}

interface LogFileState {
  readonly frames: number;
  readonly copied: number;
}

/** Many writes, one transaction, one fsync: each write takes place wholly or not at all, in the order given. */
export class GroupCommit {
  readonly #db: Database;
  readonly #executor: WriteExecutor;
  readonly #checkpointFrames: number;

  /** `checkpointMib`: how much the log file grows before it is copied back. */
  constructor(db: Database, executor: WriteExecutor, checkpointMib: number) {
    this.#db = db;
    this.#executor = executor;
    this.#checkpointFrames = (checkpointMib * MIB) / PAGE_BYTES;
  }

  /** The answers, in order, once everything is on the disk. Throws `FatalStoreError`, and then none is known. */
  run(writes: readonly Write[]): readonly Answer[] {
    let atCommit = false;
    try {
      this.#db.run('BEGIN IMMEDIATE');
      const answers = writes.map((write): Answer => ({
        kind: 'done',
        result: this.#executor.execute(write),
      }));
      atCommit = true;
      this.#db.run('COMMIT');
      return answers;
    } catch (error) {
      const meaning = meaningOf(error, atCommit);
      if (meaning === 'fatal') throw new FatalStoreError(errorText(error), { cause: error });
      this.#rollBack();
      if (meaning === 'refused') return writes.map(() => ({ kind: 'refused', reason: errorText(error) }));
      if (writes.length === 1) return [{ kind: 'fault', message: errorText(error) }];
      // One of them is at fault: alone, it cannot take the others with it.
      return writes.flatMap((write) => this.run([write]));
    }
  }

  /**
   * Copies the log file back once it has grown, by hand rather than by SQLite's own way: that one would hold up the
   * answers, and keeps an I/O error to itself.
   */
  checkpoint(): void {
    const { frames, copied } = this.#logFile('NOOP');
    if (frames - copied < this.#checkpointFrames) return;
    try {
      this.#logFile(frames > storeLimits.logFramesMax ? 'RESTART' : 'PASSIVE');
    } catch (error) {
      // A full disk leaves the log file as it is, and the next round tries again.
      if (meaningOf(error, true) === 'fatal') throw new FatalStoreError(errorText(error), { cause: error });
    }
  }

  #rollBack(): void {
    this.#executor.forget();
    try {
      // Some errors have rolled back already.
      if (this.#db.inTransaction) this.#db.run('ROLLBACK');
    } catch (error) {
      throw new FatalStoreError(errorText(error), { cause: error });
    }
  }

  #logFile(mode: 'NOOP' | 'PASSIVE' | 'RESTART'): LogFileState {
    const [, frames, copied] = this.#db.query<number, []>(`PRAGMA wal_checkpoint(${mode})`).values()[0] ?? [];
    return { frames: Number(frames), copied: Number(copied) };
  }
}
