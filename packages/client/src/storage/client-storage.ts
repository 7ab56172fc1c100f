/** The tables of a device's storage; what stands in them is the SDK's own affair. */
export type StorageTable = 'session' | 'pending' | 'conversations' | 'timelines';

export const storageTables: readonly StorageTable[] = ['session', 'pending', 'conversations', 'timelines'];

/** One row to put, or to remove where `value` is undefined. Values are plain JSON. */
export interface StorageChange {
  readonly table: StorageTable;
  readonly key: string;
  readonly value: unknown;
}

/**
 * Where a device keeps its tokens, its unsent messages and its cache. Rows are independent of each other, so two tabs
 * that write different rows never lose one another's. Rules:
 * ST1 `write` is atomic: after a crash all of its changes are there or none.
 * ST2 once `write` has resolved, the changes survive the end of the process (memory storage excepted, by its nature).
 * ST3 writes of one storage object take effect in the order they were called.
 */
export interface ClientStorage {
  /** The same for all tabs that share these rows, and for nobody else: locks are named after it. */
  readonly name: string;
  readonly read: (table: StorageTable, key: string) => Promise<unknown>;
  /** All rows of a table, in no promised order. */
  readonly readAll: (table: StorageTable) => Promise<readonly (readonly [key: string, value: unknown])[]>;
  readonly write: (changes: readonly StorageChange[]) => Promise<void>;
  /** Removes every row of the tables. */
  readonly clear: (tables: readonly StorageTable[]) => Promise<void>;
  readonly close: () => Promise<void>;
}
