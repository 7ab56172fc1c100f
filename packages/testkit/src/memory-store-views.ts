import type { ViewListRequest, ViewName, ViewPlace, ViewPut, ViewRow, Views } from '@confab/contracts';

/** Null stands for a deleted row, whose version must still refuse older puts. */
interface Cell {
  readonly version: number;
  readonly json: string | null;
}

export class MemoryViews {
  readonly #partitions = new Map<string, Map<string, Cell>>();

  put(put: ViewPut): void {
    const partition = partitionText(put.view, put.partition);
    const rows = this.#partitions.get(partition) ?? new Map<string, Cell>();
    this.#partitions.set(partition, rows);
    const known = rows.get(put.key);
    if (known !== undefined && put.version < known.version) return;
    rows.set(put.key, { version: put.version, json: put.value === null ? null : JSON.stringify(put.value) });
  }

  withWatermark(watermark: (conversationId: string) => number): Views {
    return {
      list: async (request) => this.#rowsAfter(request),
      getMany: async (view, places) => places.flatMap((place) => this.#row(view, place) ?? []),
      counts: async (questions) => questions.map((request) => this.#rowsAfter(request).length),
      watermark: async (conversationId) => watermark(conversationId),
    };
  }

  #rowsAfter<V extends ViewName>({
    view,
    partition,
    after,
    limit,
  }: ViewListRequest<V>): readonly ViewRow<V>[] {
    const keys = this.#partitions.get(partitionText(view, partition))?.keys() ?? [];
    return [...keys]
      .filter((key) => after === null || key > after)
      .sort()
      .flatMap((key) => this.#row(view, { partition, key }) ?? [])
      .slice(0, limit);
  }

  #row<V extends ViewName>(view: V, { partition, key }: ViewPlace): ViewRow<V> | null {
    const cell = this.#partitions.get(partitionText(view, partition))?.get(key);
    if (cell === undefined || cell.json === null) return null;
    return { partition, key, version: cell.version, value: JSON.parse(cell.json) as ViewRow<V>['value'] };
  }
}

function partitionText(view: ViewName, partition: string): string {
  return `${view}/${partition}`;
}
