import { dirname } from 'node:path';
import { lockFile } from './file-lock.ts';
import { type ConnectedSqliteStore, type SqliteStoreOptions, storeOver } from './open-sqlite-store.ts';
import { createPrivateFile, createPrivateFolder } from './private-files.ts';
import { storeLimits } from './settings.ts';
import type { FromWriter } from './wire.ts';
import { openDatabase } from './writer/open-database.ts';
import { WriterLoop } from './writer/writer-loop.ts';
import { WriterClient } from './writer-client.ts';
import type { WriterLink } from './writer-link.ts';

/**
 * What `openSqliteStore` opens, without a thread of its own for the writer, whose start costs more than all the rest:
 * for programs that look into one file after the other. Whoever serves people must not wait for a disk like that.
 */
export function openSqliteStoreInThisThread(options: SqliteStoreOptions): ConnectedSqliteStore {
  const { path, onFatal, checkpointMib = storeLimits.checkpointMib } = options;
  createPrivateFolder(dirname(path));
  const lock = lockFile(path);
  try {
    createPrivateFile(path);
    return storeOver(path, new WriterClient(linkToLoop(path, checkpointMib), onFatal), () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

function linkToLoop(path: string, checkpointMib: number): WriterLink {
  let tell: ((message: FromWriter) => void) | null = null;
  const asker = { post: (message: FromWriter) => tell?.(message) };
  const loop = new WriterLoop(openDatabase(path), {
    postToAll: asker.post,
    soon: setImmediate,
    checkpointMib,
  });
  return {
    post(message) {
      if (typeof message === 'string') loop.accept(message, asker);
      else if (message.kind === 'close') loop.close();
    },
    listen: (heard) => {
      tell = heard;
    },
    end: () => undefined,
  };
}
