import { join } from 'node:path';

/** What is written to the raw database. */
export type RawSqliteLoad = {
  readonly conversations: number;
  /** Messages of one transaction: as many as would wait while the one before is on its way to the disk. */
  readonly waiting: number;
  readonly seconds: number;
  readonly bodyBytes: number;
};

/** How fast it took them. The times are those of a transaction: what each message in it would wait for. */
export type RawSqliteSpeed = {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly processorUsPerEvent: number;
};

/** Measures the limit of the disk in a process of its own. */
export async function measureRawSqlite(load: RawSqliteLoad): Promise<RawSqliteSpeed> {
  const script = join(import.meta.dir, 'raw-sqlite-loop.ts');
  const child = Bun.spawn([process.execPath, script, JSON.stringify(load)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error('the raw SQLite loop failed');
  return JSON.parse(text) as RawSqliteSpeed;
}
