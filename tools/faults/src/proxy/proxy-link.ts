import type { Socket } from 'node:net';
import type { Course, Cut, Direction } from './flow.ts';
import { Pipe, type Transform } from './pipe.ts';

/** What is done to the bytes of one link, by direction. */
export type Transforms = { readonly [D in Direction]?: Transform };

export type LinkOptions = {
  readonly client: Socket;
  readonly server: Socket;
  readonly transforms: Transforms;
};

/** One client's way to the server and back. */
export class ProxyLink {
  /** Resolves when both sides are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: { readonly [D in Direction]: Pipe };
  #isCut = false;

  constructor({ client, server, transforms }: LinkOptions) {
    this.#client = client;
    this.#server = server;
    this.#pipes = {
      toServer: new Pipe({ source: client, sink: server, transform: transforms.toServer ?? null }),
      toClient: new Pipe({ source: server, sink: client, transform: transforms.toClient ?? null }),
    };
    this.closed = Promise.all([closeOf(client), closeOf(server)]).then(() => this.#stop());
  }

  set(course: Course): void {
    if (this.#isCut) return;
    for (const direction of ['toServer', 'toClient'] as const) {
      const change = course[direction];
      if (change !== undefined) this.#pipes[direction].set(change);
    }
  }

  /** Ends it for both sides. */
  cut(how: Cut): void {
    if (this.#isCut) return;
    this.#stop();
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }

  /** Ends it once so many more bytes have passed in a direction. */
  cutAfter(bytes: number, direction: Direction, how: Cut): void {
    this.#pipes[direction].limit(bytes, () => this.cut(how));
  }

  /** How many bytes have passed in a direction. */
  passedBytes(direction: Direction): number {
    return this.#pipes[direction].passedBytes;
  }

  #stop(): void {
    this.#isCut = true;
    this.#pipes.toServer.stop();
    this.#pipes.toClient.stop();
  }
}

async function closeOf(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  await promise;
}
