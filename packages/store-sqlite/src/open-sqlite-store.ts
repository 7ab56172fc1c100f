import { Database } from 'bun:sqlite';
import { dirname } from 'node:path';
import { lockFile } from './file-lock.ts';
import { createPorts, type StorePorts } from './ports.ts';
import { createPrivateFile, createPrivateFolder } from './private-files.ts';
import { readerPragmas, storeLimits } from './settings.ts';
import type { FromWriter, ToWriter } from './wire.ts';
import { WriterClient } from './writer-client.ts';
import { linkToPort, linkToWorker } from './writer-link.ts';

export interface SqliteStoreOptions {
  /** The database file. Beside it stand `-wal`, `-shm`, `.lock` and `.pid`; the folder is made where there is none. */
  readonly path: string;
  /**
   * Called once, when an I/O error or the end of the writer leaves open what the file holds. No write is answered after
   * it: the process must end, and its next start decides from the file.
   */
  readonly onFatal: (error: Error) => void;
  /** How much the log file grows before it is copied back. */
  readonly checkpointMib?: number;
}

export interface SqliteStore extends StorePorts {
  /** Lets another thread of this process in: what `connectSqliteStore` needs there. It closes before this store does. */
  share(): SharedStore;
  /** Answers what was asked before, then closes the file and lets go of it. */
  close(): Promise<void>;
}

/** The same file from another thread: its own reader, and the one writer of the process. */
export type ConnectedSqliteStore = Omit<SqliteStore, 'share'>;

/** To be handed to one other thread; `port` is transferred. */
export interface SharedStore {
  readonly path: string;
  readonly port: MessagePort;
}

/** Throws where another process has the file, or it is not one of ours, or it cannot be written durably. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path, onFatal, checkpointMib = storeLimits.checkpointMib } = options;
  createPrivateFolder(dirname(path));
  const lock = lockFile(path);
  try {
    createPrivateFile(path);
    const worker = new Worker(new URL('./writer/writer-worker.ts', import.meta.url).href);
    await openInWorker(worker, { path, checkpointMib });
    const store = storeOver(path, new WriterClient(linkToWorker(worker), onFatal), () => lock.release());
    return { ...store, share: () => ({ path, port: portTo(worker) }) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** In another thread than the one that opened the file and shared it. `onFatal` is called there too. */
export function connectSqliteStore(
  { path, port }: SharedStore,
  onFatal: (error: Error) => void,
): ConnectedSqliteStore {
  return storeOver(path, new WriterClient(linkToPort(port), onFatal), () => undefined);
}

/** The store of one thread: its own reader, and a way to the one writer. `closed` is called at the very end. */
export function storeOver(path: string, writer: WriterClient, closed: () => void): ConnectedSqliteStore {
  const reader = openReader(path);
  const closeAll = async (): Promise<void> => {
    // The last one to close copies the log file back and removes it: that must be the writer.
    reader.close();
    await writer.close();
    closed();
  };
  let closing: Promise<void> | null = null;
  return {
    ...createPorts(reader, writer),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function portTo(worker: Worker): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const message: ToWriter = { kind: 'let_in', port: port1 };
  worker.postMessage(message, [port1]);
  return port2;
}

async function openInWorker(
  worker: Worker,
  opening: { readonly path: string; readonly checkpointMib: number },
): Promise<void> {
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
  const message: ToWriter = { kind: 'open', ...opening };
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
