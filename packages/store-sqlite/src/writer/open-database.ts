import { Database } from 'bun:sqlite';
import { migrate, pragmaNumber } from '../schema.ts';
import { SYNCHRONOUS_FULL, writerPragmas } from '../settings.ts';

/** The writer's connection. The file exists already, with the rights it should have. */
export function openDatabase(path: string): Database {
  const db = new Database(path, { readwrite: true, create: false });
  try {
    for (const pragma of writerPragmas) db.run(pragma);
    migrate(db);
    db.run('UPDATE opens SET count = count + 1');
    // Leases are of the process that held the file before; whatever ended it, nobody is at that work now.
    db.run('UPDATE work SET leased_until_ms = 0 WHERE leased_until_ms > 0');
    assertDurable(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Only after a first write do the settings read as what they are: some builds of SQLite fall back to NORMAL then, which
 * loses acknowledged messages when the power goes.
 */
function assertDurable(db: Database): void {
  const synchronous = pragmaNumber(db, 'synchronous');
  const [journal] = db.query<string, []>('PRAGMA journal_mode').values()[0] ?? [];
  if (synchronous !== SYNCHRONOUS_FULL || journal !== 'wal') {
    throw new Error(
      `SQLite runs with synchronous=${synchronous}, journal_mode=${String(journal)}: that is not durable`,
    );
  }
}
