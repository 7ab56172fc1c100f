import { ConfabError, decoderOf, operations, type RequestOf } from '@confab/protocol';
import { composeChat } from '../compose.ts';
import { readConfig } from '../config.ts';
import { createLogger } from '../log-lines.ts';
import { Metrics, NO_READINGS } from '../metrics.ts';
import { createObserver } from '../observer.ts';

/**
 * `confab user add NAME`: creates an account straight in the store, also where registration is closed: whoever can write
 * there may. A running server has a SQLite file for itself, so it has to be stopped; on Cassandra it need not.
 */
export async function addUser(words: readonly string[]): Promise<number> {
  const [verb, username, ...rest] = words;
  if (verb !== 'add' || username === undefined || rest.length > 0) {
    console.error('usage: confab user add NAME');
    return 64;
  }
  const request = decodeAccount({ username, password: await readPassword() });
  const config = { ...readConfig(process.env), registration: 'open' as const };
  const logger = createLogger({
    level: 'error',
    format: 'pretty',
    write: (line) => process.stderr.write(line),
  });
  const metrics = new Metrics(NO_READINGS);
  const { chat, cluster, store } = await composeChat(config, {
    observer: createObserver(logger, metrics),
    onFatal: (error) => {
      throw error;
    },
    decorate: (ports) => ports,
    thread: null,
  });
  try {
    await chat.handle('create_account', { kind: 'anyone' }, request, { lane: null, gone: null });
    console.log(`Created the account ${username}.`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfabError)) throw error;
    console.error(error.message);
    return 1;
  } finally {
    await cluster.close();
    await store.close();
    metrics.stop();
  }
}

function decodeAccount(account: unknown): RequestOf<'create_account'> {
  return decoderOf<RequestOf<'create_account'>>(operations.create_account.request).decode(account);
}

/** Not from the command line, where everybody on the machine can read it. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) {
    process.stderr.write('Password: ');
    // The terminal is told not to show what is typed, and told otherwise again whatever happens.
    Bun.spawnSync(['stty', '-echo'], { stdin: 'inherit' });
  }
  try {
    for await (const line of console) return line;
    return '';
  } finally {
    if (process.stdin.isTTY) {
      Bun.spawnSync(['stty', 'echo'], { stdin: 'inherit' });
      process.stderr.write('\n');
    }
  }
}
