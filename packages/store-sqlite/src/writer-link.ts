import type { FromWriter, ToWriter } from './wire.ts';

/** The way to the writer: its thread, for who started it; a port to it, for another thread. */
export interface WriterLink {
  post(message: ToWriter): void;
  /** Hears all that the writer says, and why it ended where it did so unasked. */
  listen(heard: (message: FromWriter) => void, ended: (reason: string) => void): void;
  /** Nothing more is said or heard. */
  end(): void;
}

export function linkToWorker(worker: Worker): WriterLink {
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    post: (message) => worker.postMessage(message),
    listen(heard, ended) {
      worker.addEventListener('message', ({ data }: MessageEvent<FromWriter>) => heard(data));
      worker.addEventListener('error', ({ message }) => ended(`the writer failed: ${message}`));
      worker.addEventListener('close', () => ended('the writer ended'));
    },
    end: () => worker.terminate(),
  };
}

export function linkToPort(port: MessagePort): WriterLink {
  return {
    post: (message) => port.postMessage(message),
    listen(heard, ended) {
      port.addEventListener('message', (event) => heard((event as MessageEvent<FromWriter>).data));
      port.addEventListener('close', () => ended('the writer ended'));
      port.start();
    },
    end: () => port.close(),
  };
}
