import type { Database, Statement } from 'bun:sqlite';
import type { ViewPut } from '@confab/contracts';
import { viewCodes } from '../codes.ts';

export class ViewWriter {
  readonly #put: Statement<unknown, [number, string, string, number, string | null]>;

  constructor(db: Database) {
    this.#put = db.query(
      `INSERT INTO views (view, partition, key, version, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (view, partition, key) DO UPDATE SET version = excluded.version, value = excluded.value
       WHERE excluded.version >= version`,
    );
  }

  /** A deleted row stays as a null with its version, for older puts that are still on their way. */
  put({ view, partition, key, version, value }: ViewPut): void {
    this.#put.run(viewCodes[view], partition, key, version, value === null ? null : JSON.stringify(value));
  }
}
