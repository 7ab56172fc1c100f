import type { ViewListRequest, ViewName, ViewPlace, ViewRow, ViewValues } from '@confab/contracts';
import { readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession } from '../cql-session.ts';

const ROWS_PER_QUERY_MAX = 500;
const KEYS_PER_QUERY_MAX = 100;

const LIST_FROM_START = 'SELECT key, cell FROM views WHERE view_name = ? AND partition = ? LIMIT ?';
const LIST_AFTER = 'SELECT key, cell FROM views WHERE view_name = ? AND partition = ? AND key > ? LIMIT ?';
const GET = 'SELECT key, cell FROM views WHERE view_name = ? AND partition = ? AND key IN ?';

interface StoredRow {
  readonly key: string;
  readonly cell: string;
}

/** The reading half of `Views`. */
export class ViewReader {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async list<V extends ViewName>(request: ViewListRequest<V>): Promise<readonly ViewRow<V>[]> {
    const { view, partition, limit } = request;
    const rows: ViewRow<V>[] = [];
    // Deleted rows take places of what was asked, so it may need another turn.
    for (let { after } = request; rows.length < limit;) {
      const count = Math.min(limit - rows.length, ROWS_PER_QUERY_MAX);
      const found = await this.#rowsAfter({ view, partition, after, limit: count });
      rows.push(...found.flatMap((row) => liveRow<V>(partition, row) ?? []));
      const last = found.at(-1);
      if (last === undefined || found.length < count) break;
      after = last.key;
    }
    return rows;
  }

  async getMany<V extends ViewName>(view: V, places: readonly ViewPlace[]): Promise<readonly ViewRow<V>[]> {
    const queries = [...Map.groupBy(places, ({ partition }) => partition)].flatMap(
      ([partition, inPartition]) =>
        chunksOf([...new Set(inPartition.map(({ key }) => key))], KEYS_PER_QUERY_MAX).map((keys) => ({
          partition,
          keys,
        })),
    );
    const answers = await readEach(queries, async ({ partition, keys }) => {
      const rows = await this.#session.read<StoredRow>(GET, [view, partition, keys]);
      return rows.flatMap((row) => liveRow<V>(partition, row) ?? []);
    });
    return answers.flat();
  }

  counts(questions: readonly ViewListRequest<ViewName>[]): Promise<readonly number[]> {
    return readEach(questions, async (question) => (await this.list(question)).length);
  }

  #rowsAfter({ view, partition, after, limit }: ViewListRequest<ViewName>): Promise<readonly StoredRow[]> {
    return after === null
      ? this.#session.read(LIST_FROM_START, [view, partition, limit])
      : this.#session.read(LIST_AFTER, [view, partition, after, limit]);
  }
}

/** Null where the row was deleted. */
function liveRow<V extends ViewName>(partition: string, { key, cell }: StoredRow): ViewRow<V> | null {
  const [version, value] = JSON.parse(cell) as [number, ViewValues[V] | null];
  return value === null ? null : { partition, key, version, value };
}
