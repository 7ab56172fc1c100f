import { migrateSchema, openCassandra, openSqlite, type Store } from '../compose.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { type MoveProgress, moveStore } from '../move/move-store.ts';

const USAGE = `usage: confab migrate                             make or update the tables in Cassandra
       confab migrate --from sqlite --to cassandra   move everything; or the other way round`;
/** Progress is said this often. */
const SAID_EVERY_MS = 2_000;

type StoreName = 'sqlite' | 'cassandra';

/** `confab migrate`: the tables, or with `--from` and `--to` everything that is in a store. Gives the exit code. */
export async function migrate(words: readonly string[]): Promise<number> {
  const direction = directionOf(words);
  if (direction === null) {
    console.error(USAGE);
    return 64;
  }
  const config = readConfig(process.env);
  if (config.cassandra === null)
    throw new ConfigError(['CONFAB_CASSANDRA says where Cassandra is; migrate needs it.']);
  await migrateSchema(config);
  console.log(`The keyspace ${config.cassandraKeyspace} has the tables of this program.`);
  if (direction !== 'schema') await move(config, direction);
  return 0;
}

function directionOf(
  words: readonly string[],
): 'schema' | { readonly from: StoreName; readonly to: StoreName } | null {
  if (words.length === 0) return 'schema';
  const said = words.join(' ').replaceAll('=', ' ');
  if (said === '--from sqlite --to cassandra') return { from: 'sqlite', to: 'cassandra' };
  if (said === '--from cassandra --to sqlite') return { from: 'cassandra', to: 'sqlite' };
  return null;
}

async function move(
  config: Config,
  { from, to }: { readonly from: StoreName; readonly to: StoreName },
): Promise<void> {
  console.log(`Moving everything from ${from} to ${to}. No server may run on either until it is done.`);
  const source = await open(config, from);
  try {
    const target = await open(config, to);
    try {
      const startedAt = performance.now();
      const say = sayNowAndThen(startedAt);
      const progress = await moveStore({ from: source, to: target, onProgress: say });
      console.log(`${lineOf(progress, startedAt)}\nDone: every conversation was read back and is the same.`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

function sayNowAndThen(startedAt: number): (progress: MoveProgress) => void {
  let saidAt = startedAt;
  return (progress) => {
    const now = performance.now();
    if (now - saidAt < SAID_EVERY_MS) return;
    saidAt = now;
    console.log(lineOf(progress, startedAt));
  };
}

function lineOf(
  { accounts, conversations, events, eventsFound, work }: MoveProgress,
  startedAt: number,
): string {
  const seconds = (performance.now() - startedAt) / 1_000;
  const found = eventsFound === 0 ? '' : `, ${count(eventsFound)} that were there already`;
  const rate = count(Math.round(events / Math.max(seconds, 0.001)));
  return (
    `${seconds.toFixed(0)} s: ${count(accounts)} users, ${count(conversations)} conversations, ` +
    `${count(events)} events moved (${rate}/s)${found}, ${count(work)} open tasks`
  );
}

function count(number: number): string {
  return number.toLocaleString('en');
}

async function open(config: Config, name: StoreName): Promise<Store> {
  return name === 'sqlite' ? await openSqlite(config, fail) : await openCassandra(config);
}

function fail(error: Error): never {
  throw error;
}
