import { parseArgs } from 'node:util';
import { isPortFree, ServicesError } from '@confab/services';

/** What `npm run cluster -- ...` says about itself. */
export const HELP = `npm run cluster -- [OPTIONS]

Starts a whole fleet on this machine: nodes, HAProxy in front of them, Redis, Cassandra. Ctrl-C stops it in order.

  --nodes N           nodes, 1 to 9 (3)
  --cassandra N       nodes of Cassandra, 1 to 9 (1); with 3 every message has three copies
  --sync WORD         when Cassandra syncs: batch (before it answers), group or periodic (batch)
  --port N            port of the address; the nodes have the next ones, the status page has N + 10 (8080)
  --no-balancer       without HAProxy: each node has its address, and there is no common one
  --data-dir FOLDER   where data and logs are kept between runs (.confab-cluster)
  --fresh             begin with no data
  --rolling-restart   restart the nodes of the cluster that runs, one after the other
  --help

CONFAB_ settings in the environment hold for every node.`;

/** What a person asked for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'rolling restart'; readonly folder: string }
  | {
      readonly kind: 'start';
      readonly folder: string;
      readonly isFresh: boolean;
      readonly nodes: number;
      readonly cassandraNodes: number;
      readonly sync: 'batch' | 'group' | 'periodic';
      /** Null: the first of the usual ones whose block is free. */
      readonly port: number | null;
      readonly hasBalancer: boolean;
    };

const NODES_MAX = 9;
/** From the address to the status page, with the nodes between. */
const BLOCK_PORTS = 10;
const FIRST_PORT = 8_080;
const BLOCKS_TRIED = 20;
const PORT_MAX = 65_535;
const SYNCS = ['batch', 'group', 'periodic'] as const;

/** Reads the words of the command line. Throws a ServicesError that says what is wrong with them. */
export function readCommandLine(words: readonly string[]): Command {
  const { values } = parsed(words);
  if (values.help) return { kind: 'help' };
  const folder = values['data-dir'];
  if (values['rolling-restart']) return { kind: 'rolling restart', folder };
  const sync = SYNCS.find((word) => word === values.sync);
  if (sync === undefined) throw new ServicesError(`--sync is one of ${SYNCS.join(', ')}.`);
  return {
    kind: 'start',
    folder,
    isFresh: values.fresh,
    nodes: numberOf('--nodes', values.nodes, NODES_MAX),
    cassandraNodes: numberOf('--cassandra', values.cassandra, NODES_MAX),
    sync,
    port: values.port === undefined ? null : numberOf('--port', values.port, PORT_MAX - BLOCK_PORTS),
    hasBalancer: !values['no-balancer'],
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        nodes: { type: 'string', default: '3' },
        cassandra: { type: 'string', default: '1' },
        sync: { type: 'string', default: 'batch' },
        port: { type: 'string' },
        'no-balancer': { type: 'boolean', default: false },
        'data-dir': { type: 'string', default: '.confab-cluster' },
        fresh: { type: 'boolean', default: false },
        'rolling-restart': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new ServicesError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`, {
      cause: error,
    });
  }
}

function numberOf(flag: string, word: string, maximum: number): number {
  const number = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (number >= 1 && number <= maximum) return number;
  throw new ServicesError(`${flag} is a number from 1 to ${maximum}, not "${word}".`);
}

/** The port of the status page of a cluster at `port`. */
export function statusPortOf(port: number): number {
  return port + BLOCK_PORTS;
}

/** The first of 8080, 8180, 8280... where the address, the nodes and the status page all find their ports free; a port that
 * was asked for is taken as it is, for a taken one is an error then. */
export async function choosePort(asked: number | null): Promise<number> {
  if (asked !== null) return asked;
  for (let block = 0; block < BLOCKS_TRIED; block += 1) {
    const port = FIRST_PORT + block * 100;
    const ports = Array.from({ length: BLOCK_PORTS + 1 }, (_, index) => port + index);
    const free = await Promise.all(ports.map((one) => isPortFree('127.0.0.1', one)));
    if (free.every(Boolean)) return port;
  }
  throw new ServicesError(
    `No ${BLOCK_PORTS + 1} free ports in a row from ${FIRST_PORT} on: choose with --port.`,
  );
}
