import { relative, resolve } from 'node:path';
import { composeServer, type Server, type ServerSurroundings } from '../server.ts';
import { type Config, readConfig, readFlags } from '../config.ts';
import type { Logger } from '../log-lines.ts';
import { serveInThreads } from '../threads/serve-in-threads.ts';
import { loggerOf } from './logger-of.ts';
import { VERSION } from '../version.ts';

/** The store does not know what it holds (BSD's sysexits: EX_SOFTWARE). The next start decides from the file. */
const EXIT_FATAL = 70;
const EXIT_AT_ONCE = 130;

/** `confab start`: runs until it is told to stop. Gives the exit code. `decorate` is for the fault suite, and for one thread. */
export async function start(
  words: readonly string[],
  decorate: ServerSurroundings['decorate'] = (ports) => ports,
): Promise<number> {
  const startedAt = performance.now();
  const environment = { ...process.env, ...readFlags(words) };
  const config = readConfig(environment);
  const logger = loggerOf(config);
  const ended = Promise.withResolvers<number>();
  exitOnFaults(logger);
  const onFatal = (error: Error): void => exitFatally(logger, error);
  const server =
    config.workers > 1
      ? await serveInThreads(environment, onFatal)
      : await composeServer(config, { logger, onFatal, decorate, thread: null });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw saidPlainly(error, config);
  }
  // Before anybody hears that it runs, and may tell it to stop.
  stopOnSignals(server, logger, ended);
  announce(config, server, logger, performance.now() - startedAt);
  return await ended.promise;
}

function exitFatally(logger: Logger, error: unknown): void {
  logger.error({ error }, 'fatal: the process ends without answering what is open');
  process.exit(EXIT_FATAL);
}

/** What nobody caught leaves the process in a state that nobody thought of. */
function exitOnFaults(logger: Logger): void {
  process.on('uncaughtException', (error) => exitFatally(logger, error));
  process.on('unhandledRejection', (error) => exitFatally(logger, error));
}

function stopOnSignals(server: Server, logger: Logger, ended: PromiseWithResolvers<number>): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(EXIT_AT_ONCE);
    isStopping = true;
    logger.info(
      { signal },
      'stopping: connections are sent away and what is open is finished; again to stop at once',
    );
    void stopServer(server).then(
      () => {
        logger.info('stopped');
        ended.resolve(0);
      },
      (error: unknown) => ended.reject(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

async function stopServer(server: Server): Promise<void> {
  await server.drain();
  await server.stop();
}

/** What the system says of a port is a code; what helps is what to do. */
function saidPlainly(error: unknown, { host, port, given }: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') {
    const advice = given.has('port')
      ? 'Choose another with CONFAB_PORT.'
      : 'So are the next ones; choose one with CONFAB_PORT.';
    return new Error(`Port ${port} of ${host} is taken. ${advice}`, { cause: error });
  }
  if (code === 'EADDRNOTAVAIL')
    return new Error(`This machine has no address ${host} (CONFAB_HOST).`, { cause: error });
  if (code === 'EACCES')
    return new Error(`The system does not let this user open port ${port} (CONFAB_PORT).`, { cause: error });
  return error;
}

function announce(config: Config, server: Server, logger: Logger, tookMs: number): void {
  const { url, isPortMoved } = server.address;
  const dataDir = resolve(config.dataDir);
  const place =
    config.cassandra === null
      ? { dataDir, workers: config.workers }
      : { cassandra: config.cassandra, nodeId: server.nodeId };
  logger.info({ url, ...place, version: VERSION, tookMs: Math.round(tookMs) }, 'listening');
  if (config.logFormat === 'json') return;
  console.log(greeting(config, { url, isPortMoved, dataDir }));
}

function greeting(
  config: Config,
  {
    url,
    isPortMoved,
    dataDir,
  }: { readonly url: string; readonly isPortMoved: boolean; readonly dataDir: string },
): string {
  const { port, registration, publicUrl } = config;
  const account = '{"username":"alice","password":"choose a long one"}';
  const firstAccount =
    registration === 'open'
      ? `First account  open ${publicUrl ?? url} and choose Create account, or:
                 curl ${url}/v1/accounts -H 'content-type: application/json' -d '${account}'`
      : 'First account  stop the server and run: confab user add NAME (registration is closed)';
  const moved = isPortMoved
    ? `\n                 (port ${port} is taken, so this is the next free one; CONFAB_PORT chooses)`
    : '';
  return `
Confab ${VERSION}

  Address        ${url}${moved}
  Data           ${placeOf(config, dataDir)}
  ${firstAccount}
  Stop           Ctrl-C
`;
}

/** Where everything is kept. */
function placeOf({ cassandra, cassandraKeyspace, redis }: Config, dataDir: string): string {
  if (cassandra !== null) {
    const alone =
      redis === null ? '\n                 (one node only: CONFAB_REDIS lets several share it)' : '';
    return `keyspace ${cassandraKeyspace} of Cassandra at ${cassandra.join(', ')}${alone}`;
  }
  const short = relative(process.cwd(), dataDir);
  const isElsewhere = short === '' || short.startsWith('..');
  return isElsewhere ? dataDir : `${dataDir} (${short} of this folder; CONFAB_DATA_DIR chooses)`;
}
