import type { ViewPut } from '@confab/contracts';
import { mapBounded } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { putTimestamp } from './put-timestamp.ts';

const PUTS_PER_BATCH_MAX = 100;
const BATCHES_AT_ONCE_MAX = 32;

/** An update and no insert: a row is its one cell, without a marker that would have a timestamp of its own. */
const PUT = 'UPDATE views USING TIMESTAMP ? SET cell = ? WHERE view_name = ? AND partition = ? AND key = ?';

/** Puts rows in any order with any others. A deleted row is a cell with a null value, so nothing older comes back. */
export async function writeViews(
  session: CqlSession,
  puts: readonly ViewPut[],
  tieBreak: number,
): Promise<void> {
  const partitions = Map.groupBy(newestOfEachRow(puts), ({ view, partition }) => `${view}/${partition}`);
  const batches = [...partitions.values()].flatMap((rows) => chunksOf(rows, PUTS_PER_BATCH_MAX));
  await mapBounded(batches, BATCHES_AT_ONCE_MAX, (batch) =>
    session.batch(batch.map((put) => statementOf(put, tieBreak))),
  );
}

/** Of two puts of one version to a row the later one counts, as if they had been done one after the other. */
function newestOfEachRow(puts: readonly ViewPut[]): readonly ViewPut[] {
  const newest = new Map<string, ViewPut>();
  for (const put of puts) {
    const row = JSON.stringify([put.view, put.partition, put.key]);
    const known = newest.get(row);
    if (known === undefined || put.version >= known.version) newest.set(row, put);
  }
  return [...newest.values()];
}

function statementOf({ view, partition, key, version, value }: ViewPut, tieBreak: number): CqlStatement {
  const cell = JSON.stringify([version, value]);
  return { cql: PUT, params: [putTimestamp(version, tieBreak), cell, view, partition, key] };
}
