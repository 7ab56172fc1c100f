import { Database } from 'bun:sqlite';
import { dirname } from 'node:path';
import { lockFile } from './file-lock.ts';
import { createPorts, type StorePorts } from './ports.ts';
import { createPrivateFile, createPrivateFolder } from './private-files.ts';
import { readerPragmas } from './settings.ts';
import type { FromWriter, ToWriter } from './wire.ts';
import { WriterClient } from './writer-client.ts';

export interface SqliteStoreOptions {
  /** The database file. Beside it stand `-wal`, `-shm`, `.lock` and `.pid`; the folder is made where there is none. */
  readonly path: string;
  /**
   * Called once, when an I/O error or the end of the writer leaves open what the file holds. No write is answered after
   * it: the process must end, and its next start decides from the file.
   */
  readonly onFatal: (error: Error) => void;
}

export interface SqliteStore extends StorePorts {
  /** Answers what was asked before, then closes the file and lets go of it. */
  close(): Promise<void>;
}

/** Throws where another process has the file, or it is not one of ours, or it cannot be written durably. */
export async function openSqliteStore({ path, onFatal }: SqliteStoreOptions): Promise<SqliteStore> {
  createPrivateFolder(dirname(path));
  const lock = lockFile(path);
  try {
    createPrivateFile(path);
    const worker = new Worker(new URL('./writer/writer-worker.ts', import.meta.url).href);
    await openInWorker(worker, path);
    const writer = new WriterClient(worker, onFatal);
    const reader = openReader(path);
    const closeAll = async (): Promise<void> => {
      // The last one to close copies the log file back and removes it: that must be the writer.
      reader.close();
      await writer.close();
      lock.release();
    };
    let closing: Promise<void> | null = null;
    return {
      ...createPorts(reader, writer),
      close() {
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openInWorker(worker: Worker, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (message: string): void => {
    worker.terminate();
    reject(new Error(message));
  };
  const aborter = new AbortController();
  const { signal } = aborter;
  worker.addEventListener('error', ({ message }) => refuse(message), { signal });
  worker.addEventListener(
    'message',
    ({ data }: MessageEvent<FromWriter>) => {
      if (typeof data === 'string') return;
      if (data.kind === 'ready') resolve();
      else if (data.kind === 'not_opened') refuse(data.message);
    },
    { signal },
  );
  const message: ToWriter = { kind: 'open', path };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage(message);
  try {
    await promise;
  } finally {
    aborter.abort();
  }
}

/** Without the right to write; it sees everything that the writer has answered. */
function openReader(path: string): Database {
  const db = new Database(path, { readonly: true });
  for (const pragma of readerPragmas) db.run(pragma);
  return db;
}
