// One of several threads that hold connections: the whole of a node, on the store and the port that it shares.
import { expose, wrap } from 'comlink';
import { loggerOf } from '../cli/logger-of.ts';
import { readConfig } from '../config.ts';
import type { MetricValues } from '../metrics.ts';
import { composeServer, type ComposedServer } from '../server.ts';
import type { ProcessFace, ThreadFace, ThreadTask } from './thread-face.ts';

let server: ComposedServer | null = null;

function composed(): ComposedServer {
  if (server === null) throw new Error('the thread has not been composed');
  return server;
}

async function compose({ environment, place, port, process: processPort }: ThreadTask): Promise<void> {
  const owner = wrap<ProcessFace>(processPort);
  const config = readConfig(environment);
  server = await composeServer(config, {
    logger: loggerOf(config),
    // What nobody catches here ends the thread, of which the process is told without this.
    onFatal: ({ message }) => void owner.fatal(message),
    decorate: (ports) => ports,
    thread: { place, port, printMetrics: () => owner.printMetrics() },
  });
}

const face: ThreadFace = {
  compose,
  start: () => composed().start(),
  drain: () => composed().drain(),
  stop: () => composed().stop(),
  metrics: (): Promise<MetricValues> => composed().metrics(),
};
expose(face);
