import type { FromWriter, ToWriter } from '../wire.ts';
import { errorText } from './errors.ts';
import { openDatabase } from './open-database.ts';
import { WriterLoop } from './writer-loop.ts';

declare const self: Worker;

let loop: WriterLoop | null = null;

function post(message: FromWriter): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  self.postMessage(message);
}

self.addEventListener('message', ({ data }: MessageEvent<ToWriter>) => {
  if (typeof data === 'string') loop?.accept(data);
  else if (data.kind === 'close') loop?.close();
  else open(data.path);
});

function open(path: string): void {
  try {
    loop = new WriterLoop(openDatabase(path), { post, soon: setImmediate });
    post({ kind: 'ready' });
  } catch (error) {
    post({ kind: 'not_opened', message: errorText(error) });
  }
}
