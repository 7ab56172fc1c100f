import { mkdir, open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ChatError } from '../errors.ts';
import type { ClientStorage, StorageChange } from '../storage/client-storage.ts';
import { emptyTables, type Tables } from '../storage/memory-storage.ts';

/** The file is written afresh when this many lines were appended and most of them are overwritten by later ones. */
const LINES_BEFORE_COMPACTION = 2_000;

/**
 * Storage in one file for Bun and Node: a line of JSON for each write, fsynced before the write resolves. A last line
 * that a crash cut short is dropped, so a write is there wholly or not at all. For one process at a time.
 */
export function fileStorage(path: string): ClientStorage {
  const file = new LogFile(resolve(path));
  return {
    name: `file-${resolve(path)}`,
    read: async (table, key) => await file.use((tables) => tables[table].get(key)),
    readAll: async (table) => await file.use((tables) => [...tables[table]]),
    write: async (changes) => await file.append(() => changes),
    clear: async (names) =>
      await file.append((tables) =>
        names.flatMap((table) => [...tables[table].keys()].map((key) => ({ table, key, value: undefined }))),
      ),
    close: async () => await file.close(),
  };
}

class LogFile {
  readonly #path: string;
  readonly #tables: Tables = emptyTables();
  #handle: FileHandle | null = null;
  #lines = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads in the order of the calls, so that a read sees the writes before it. */
  async use<T>(read: (tables: Tables) => T): Promise<T> {
    return await this.#inOrder(async () => {
      await this.#open();
      return structuredClone(read(this.#tables));
    });
  }

  async append(changesOf: (tables: Tables) => readonly StorageChange[]): Promise<void> {
    await this.#inOrder(async () => {
      const handle = await this.#open();
      const changes = changesOf(this.#tables);
      if (changes.length === 0) return;
      const line = JSON.stringify(changes.map(({ table, key, value }) => [table, key, value ?? null]));
      await handle.appendFile(`${line}\n`);
      await handle.datasync();
      this.#lines += 1;
      applyLine(this.#tables, line);
      if (this.#lines > LINES_BEFORE_COMPACTION + 2 * this.#rowCount()) await this.#compact();
    });
  }

  async close(): Promise<void> {
    await this.#inOrder(async () => {
      const handle = this.#handle;
      this.#handle = null;
      await handle?.close();
    });
  }

  async #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(work);
    this.#tail = mine.catch(() => undefined);
    try {
      return await mine;
    } catch (cause) {
      throw new ChatError('storage', `${this.#path}: ${String(cause)}`, { cause });
    }
  }

  #rowCount(): number {
    return Object.values(this.#tables).reduce((sum, rows) => sum + rows.size, 0);
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== null) return this.#handle;
    await mkdir(dirname(this.#path), { recursive: true });
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ENOENT') return '';
      throw error;
    });
    for (const rows of Object.values(this.#tables)) rows.clear();
    const lines = text.split('\n');
    const wasCutShort = lines.pop() !== '';
    for (const line of lines) applyLine(this.#tables, line);
    this.#lines = lines.length;
    // Appending behind half a line would spoil the next one.
    if (wasCutShort) return await this.#compact();
    return await this.#take();
  }

  /** Tokens stand in the file, so nobody but its owner reads it. */
  async #take(): Promise<FileHandle> {
    this.#handle = await open(this.#path, 'a', 0o600);
    return this.#handle;
  }

  async #compact(): Promise<FileHandle> {
    const rows = Object.entries(this.#tables).flatMap(([table, entries]) =>
      [...entries].map(([key, value]) => JSON.stringify([[table, key, value]])),
    );
    const fresh = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await fresh.writeFile(rows.map((row) => `${row}\n`).join(''));
      await fresh.datasync();
    } finally {
      await fresh.close();
    }
    await this.#handle?.close();
    this.#handle = null;
    await rename(`${this.#path}.new`, this.#path);
    await syncFolder(dirname(this.#path));
    this.#lines = rows.length;
    return await this.#take();
  }
}

/** A rename is durable only once its folder is. Windows cannot open folders and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  try {
    await folder?.datasync();
  } catch {
    // Some file systems refuse to sync a folder.
  } finally {
    await folder?.close();
  }
}

function applyLine(tables: Tables, line: string): void {
  for (const [table, key, value] of JSON.parse(line) as [keyof Tables, string, unknown][]) {
    if (value === null) tables[table].delete(key);
    else tables[table].set(key, value);
  }
}
