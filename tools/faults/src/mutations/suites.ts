/** Long enough for a busy machine: what hangs has failed, what is slow has not. */
const TEST_TIMEOUT = '--timeout=30000';

/**
 * Whole worlds, of those that `npm test` lives through: enough for each mutation that they judge, and few enough for
 * every day.
 */
const SIMULATION =
  'packages/testkit/src/simulation/main.ts --seed 1000 --worlds 32 --jobs 1 --minutes 10'.split(' ');

/**
 * What bun is given to run a suite: of tests those that prove these rules, up to the first failure. The simulation says
 * of each fault which rule it breaks.
 */
export function wordsOf(name: SuiteName, rules: readonly string[]): readonly string[] {
  if (name === 'simulation') return SIMULATION;
  const pattern = `\\[(${rules.join('|').replaceAll('.', '\\.')})\\]`;
  return ['test', '--bail', TEST_TIMEOUT, '-t', pattern, ...suites[name]];
}

/** What judges a mutation: the test files whose path begins so. Narrow ones, for every mutation costs a run of its own. */
const suites = {
  api: ['packages/api'],
  bus: ['packages/cluster-redis/src/bus/inbound-link', 'packages/cluster-redis/src/bus/redis-bus.test'],
  cassandra: ['packages/store-cassandra/src/log/two-writers'],
  client: ['packages/client'],
  'cluster-local': ['packages/cluster-local'],
  conversation: ['packages/conversation'],
  delivery: ['packages/core/src/delivery'],
  gateway: ['packages/gateway'],
  identity: ['packages/identity'],
  'log-writers': ['packages/core/src/log'],
  'memory-store': ['packages/testkit/src/memory-store.test'],
  receipts: ['packages/core/src/receipts'],
  'redis-registry': ['packages/cluster-redis/src/connection/scripts.redis'],
  resume: ['packages/core/src/sync'],
  'sign-in': ['packages/core/src/accounts'],
  'sqlite-disk': ['packages/store-sqlite/src/durability'],
  'sqlite-file': ['packages/store-sqlite/src/open-sqlite-store', 'packages/store-sqlite/src/writer/'],
  'sqlite-ports': ['packages/store-sqlite/src/conformance', 'packages/store-sqlite/src/writer-client'],
  strangers: ['packages/core/src/operations'],
  work: ['packages/core/src/work'],
  worlds: ['packages/core/src/worlds'],
} as const satisfies Record<string, readonly string[]>;

export type SuiteName = keyof typeof suites | 'simulation';
