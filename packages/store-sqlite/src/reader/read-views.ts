import type { Database, Statement } from 'bun:sqlite';
import type { ViewListRequest, ViewName, ViewPlace, ViewRow } from '@confab/contracts';
import { viewCodes } from '../codes.ts';
import { ReadTogether } from './read-together.ts';

interface Row {
  readonly partition: string;
  readonly key: string;
  readonly version: number;
  readonly value: string;
}

type RangeParameters = [view: number, partition: string, after: string, limit: number];

/** Every key is above or equal to ''; with `>=` the first page may include it. */
const AFTER = { above: '>', from: '>=' } as const;

export class ViewReader {
  readonly #list: Readonly<Record<keyof typeof AFTER, Statement<Row, RangeParameters>>>;
  readonly #count: Readonly<Record<keyof typeof AFTER, Statement<{ count: number }, RangeParameters>>>;
  readonly #one: Statement<Row, [view: number, partition: string, key: string]>;
  readonly #together: ReadTogether;
  readonly #watermark: Statement<{ sequence: number }, [string]>;

  constructor(db: Database) {
    this.#together = new ReadTogether(db);
    const list = (comparison: string): Statement<Row, RangeParameters> =>
      db.query(`SELECT partition, key, version, value ${rangeOf(comparison)} ORDER BY key LIMIT ?`);
    const count = (comparison: string): Statement<{ count: number }, RangeParameters> =>
      db.query(`SELECT count(*) AS count FROM (SELECT 1 ${rangeOf(comparison)} LIMIT ?)`);
    this.#list = { above: list(AFTER.above), from: list(AFTER.from) };
    this.#count = { above: count(AFTER.above), from: count(AFTER.from) };
    this.#one = db.query(
      `SELECT partition, key, version, value FROM views
       WHERE view = ? AND partition = ? AND key = ? AND value IS NOT NULL`,
    );
    this.#watermark = db.query('SELECT sequence FROM conversations WHERE conversation_id = ?');
  }

  list<V extends ViewName>({ view, partition, after, limit }: ViewListRequest<V>): readonly ViewRow<V>[] {
    const statement = this.#list[after === null ? 'from' : 'above'];
    return statement.all(viewCodes[view], partition, after ?? '', limit).map((row) => viewRow<V>(row));
  }

  getMany<V extends ViewName>(view: V, places: readonly ViewPlace[]): readonly ViewRow<V>[] {
    const code = viewCodes[view];
    const rows = this.#together.each(places, ({ partition, key }) => this.#one.get(code, partition, key));
    return rows.flatMap((row) => (row === null ? [] : [viewRow<V>(row)]));
  }

  counts(questions: readonly ViewListRequest<ViewName>[]): readonly number[] {
    return this.#together.each(questions, ({ view, partition, after, limit }) => {
      const statement = this.#count[after === null ? 'from' : 'above'];
      return statement.get(viewCodes[view], partition, after ?? '', limit)?.count ?? 0;
    });
  }

  /** Views are written in the transaction of their events, so they are as far as the head. */
  watermark(conversationId: string): number {
    return this.#watermark.get(conversationId)?.sequence ?? 0;
  }
}

function rangeOf(comparison: string): string {
  return `FROM views WHERE view = ? AND partition = ? AND key ${comparison} ? AND value IS NOT NULL`;
}

function viewRow<V extends ViewName>({ partition, key, version, value }: Row): ViewRow<V> {
  return { partition, key, version, value: JSON.parse(value) as ViewRow<V>['value'] };
}
