import { expose, type Remote, transfer, wrap } from 'comlink';
import { addressOf, listen, type ServerAddress } from '../address.ts';
import { openSqlite, secretOf } from '../compose.ts';
import { type Environment, readConfig } from '../config.ts';
import { printTogether } from '../metrics.ts';
import type { Server } from '../server.ts';
import type { ProcessFace, ThreadFace, ThreadTask } from './thread-face.ts';

interface ServingThread {
  readonly worker: Worker;
  readonly face: Remote<ThreadFace>;
}

/**
 * The server of a process in several threads: this one opens the file, whose writer is a thread of its own, and holds
 * no connection. Each of the others is a node of a cluster that never leaves the process, and opens the same port;
 * the system deals new connections out among them.
 */
export async function serveInThreads(
  environment: Environment,
  onFatal: (error: Error) => void,
): Promise<Server> {
  const config = readConfig(environment);
  const store = await openSqlite(config, onFatal);
  const threads: ServingThread[] = [];
  let address: ServerAddress | null = null;
  const inAll = async (verb: 'start' | 'drain' | 'stop'): Promise<void> => {
    await Promise.all(threads.map(({ face }) => face[verb]()));
  };
  const owner: ProcessFace = {
    printMetrics: async () => printTogether(await Promise.all(threads.map(({ face }) => face.metrics()))),
    fatal: (message) => onFatal(new Error(message)),
  };
  return {
    nodeId: `${config.workers} threads`,
    get address() {
      if (address === null) throw new Error('The server does not listen yet.');
      return address;
    },
    async start() {
      // Two threads that find no secret would make one each.
      await secretOf(config);
      address = addressOf(config, freePort(environment));
      const { port } = address;
      const mesh = meshOf(config.workers);
      threads.push(...(await Promise.all(mesh.map((ports, index) => composeThread({ index, ports, port })))));
      await inAll('start');
    },
    drain: () => inAll('drain'),
    async stop() {
      await inAll('stop');
      for (const { worker } of threads) worker.terminate();
      await store.close();
    },
  };

  async function composeThread({
    index,
    ports,
    port,
  }: {
    readonly index: number;
    readonly ports: readonly MessagePort[];
    readonly port: number;
  }): Promise<ServingThread> {
    const worker = new Worker(new URL('./thread-main.ts', import.meta.url).href);
    worker.addEventListener('error', ({ message }) => onFatal(new Error(message)));
    const face = wrap<ThreadFace>(worker);
    const toOwner = new MessageChannel();
    expose(owner, toOwner.port1);
    const place = { index, store: store.share(), ports };
    const task: ThreadTask = { environment, place, port, process: toOwner.port2 };
    await face.compose(transfer(task, [place.store.port, toOwner.port2, ...ports]));
    return { worker, face };
  }
}

/** A port between each two of so many threads: for each of them, its ends. */
function meshOf(count: number): readonly (readonly MessagePort[])[] {
  const ends: MessagePort[][] = Array.from({ length: count }, () => []);
  for (const [index, own] of ends.entries()) {
    for (const others of ends.slice(index + 1)) {
      const { port1, port2 } = new MessageChannel();
      own.push(port1);
      others.push(port2);
    }
  }
  return ends;
}

/**
 * A port that threads share could be shared by any other process of this user as well, without a word: whether it is
 * free is found out by opening it for oneself first.
 */
function freePort(environment: Environment): number {
  const config = readConfig(environment);
  const probe = listen(config, (port) =>
    Bun.serve({ hostname: config.host, port, fetch: () => new Response(null, { status: 503 }) }),
  );
  const { port } = probe;
  void probe.stop(true);
  if (port === undefined) throw new Error('The system gave no port.');
  return port;
}
