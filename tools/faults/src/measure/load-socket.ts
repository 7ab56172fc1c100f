import { within } from '../deadline.ts';
import { tokenFor } from '../jwt.ts';

const READY_LIMIT_MS = 60_000;

/** A socket that does as little as possible, so that what is measured is the server. */
export class LoadSocket {
  readonly socket: WebSocket;
  onText: (text: string) => void = () => undefined;
  readonly #ready = Promise.withResolvers<void>();

  /** `subject` null: a bare server, which is ready as soon as it has said hello. */
  constructor(baseUrl: string, subject: string | null) {
    this.socket = new WebSocket(
      `${baseUrl.replace(/^http/, 'ws')}/v1/ws`,
      subject === null ? [] : ['confab.v1.json'],
    );
    const authenticate =
      subject === null
        ? null
        : JSON.stringify({
            type: 'authenticate',
            token: tokenFor(subject),
            deviceId: `${subject}-load`,
            instanceId: 'load',
            client: 'confab-faults/1',
          });
    let isReady = false;
    this.socket.addEventListener('message', ({ data }) => {
      const text = String(data);
      if (isReady) this.onText(text);
      else if (authenticate === null || text.startsWith('{"type":"caught_up"')) {
        isReady = true;
        this.#ready.resolve();
      } else if (text.startsWith('{"type":"hello"')) this.socket.send(authenticate);
      else if (text.startsWith('{"type":"error"')) this.#ready.reject(new Error(text));
    });
    this.socket.addEventListener('close', ({ code, reason }) => {
      this.#ready.reject(new Error(`closed with ${code} ${reason}`));
    });
  }

  async ready(): Promise<this> {
    await within(READY_LIMIT_MS, 'a socket to be ready', this.#ready.promise);
    return this;
  }
}

/** Opens one socket for each subject, to the servers in turn, at most `atOnce` of them on their way. */
export async function openAll(
  urls: readonly string[],
  subjects: readonly (string | null)[],
  atOnce: number,
): Promise<LoadSocket[]> {
  const opened: LoadSocket[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next; at < subjects.length; at = next) {
      next += 1;
      opened[at] = await new LoadSocket(urls[at % urls.length] ?? '', subjects[at] ?? null).ready();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return opened;
}

export async function closeAll(sockets: readonly LoadSocket[]): Promise<void> {
  const closed = sockets.map(async ({ socket }) => {
    const done = Promise.withResolvers<void>();
    socket.addEventListener('close', () => done.resolve());
    socket.close();
    await done.promise;
  });
  await within(READY_LIMIT_MS, 'the sockets to close', Promise.all(closed));
}
