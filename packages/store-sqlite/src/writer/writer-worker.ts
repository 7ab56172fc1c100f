import type { FromWriter, ToWriter } from '../wire.ts';
import { errorText } from './errors.ts';
import { openDatabase } from './open-database.ts';
import { type Asker, WriterLoop } from './writer-loop.ts';

declare const self: Worker;

let loop: WriterLoop | null = null;

/** The thread that opened the file, and those that it let in. */
const owner: Asker = {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  post: (message) => self.postMessage(message),
};
const askers: Asker[] = [owner];

self.addEventListener('message', ({ data }: MessageEvent<ToWriter>) => {
  if (typeof data === 'string') loop?.accept(data, owner);
  else if (data.kind === 'close') loop?.close();
  else if (data.kind === 'let_in') letIn(data.port);
  else open(data.path, data.checkpointMib);
});

function postToAll(message: FromWriter): void {
  for (const asker of askers) asker.post(message);
}

function open(path: string, checkpointMib: number): void {
  try {
    loop = new WriterLoop(openDatabase(path), { postToAll, soon: setImmediate, checkpointMib });
    owner.post({ kind: 'ready' });
  } catch (error) {
    owner.post({ kind: 'not_opened', message: errorText(error) });
  }
}

function letIn(port: MessagePort): void {
  const asker: Asker = { post: (message) => port.postMessage(message) };
  askers.push(asker);
  port.addEventListener('message', (event) => {
    const { data } = event as MessageEvent<ToWriter>;
    if (typeof data === 'string') loop?.accept(data, asker);
    else if (data.kind === 'close') loop?.dismiss(asker);
  });
  port.start();
}
