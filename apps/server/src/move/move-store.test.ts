import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestOf, Verb } from '@confab/protocol';
import { type ComposedChat, composeChat, openStore, migrateSchema, type Store } from '../compose.ts';
import { type Config, readConfig } from '../config.ts';
import { createLogger } from '../log-lines.ts';
import { Metrics, NO_READINGS } from '../metrics.ts';
import { createObserver } from '../observer.ts';
import { moveStore } from './move-store.ts';

const SECRET = { CONFAB_SECRET: 'the same on both sides, of many bytes' };
const MESSAGES = 120;
const ALONE = { lane: null, gone: null };
const id = (name: string): string => name.padEnd(22, '-');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-move-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function sqlite(name: string): Config {
  return readConfig({ ...SECRET, CONFAB_DATA_DIR: join(folder, name) });
}

/** The rules of chat over a store, until `action` is done. */
async function withChat<T>(config: Config, action: (composed: ComposedChat) => Promise<T>): Promise<T> {
  const logger = createLogger({ level: 'error', format: 'json', write: () => undefined });
  const metrics = new Metrics(NO_READINGS);
  const composed = await composeChat(config, {
    observer: createObserver(logger, metrics),
    onFatal: fail,
    decorate: (ports) => ports,
    thread: null,
  });
  await composed.chat.start();
  try {
    return await action(composed);
  } finally {
    await composed.chat.stop();
    await composed.cluster.close();
    await composed.store.close();
    metrics.stop();
  }
}

function fail(error: Error): never {
  throw error;
}

async function withStores<T>(
  from: Config,
  to: Config,
  action: (stores: { from: Store; to: Store }) => Promise<T>,
) {
  const source = await openStore(from, fail);
  const target = await openStore(to, fail);
  try {
    return await action({ from: source, to: target });
  } finally {
    await target.close();
    await source.close();
  }
}

interface People {
  readonly ann: string;
  readonly bob: string;
  readonly group: string;
}

/** A little of everything that a store keeps. */
async function fill(config: Config): Promise<People> {
  return await withChat(config, async ({ chat }) => {
    const ask = async <V extends Verb>(verb: V, userId: string | null, request: RequestOf<V>) => {
      const caller =
        userId === null ? ({ kind: 'anyone' } as const) : ({ kind: 'user', userId, deviceId: 'd' } as const);
      const { json } = await chat.handle(verb, caller, request, ALONE);
      return json === null ? {} : (JSON.parse(json) as Record<string, unknown>);
    };
    const register = async (username: string): Promise<string> =>
      String((await ask('create_account', null, { username, password: 'correct horse' }))['userId']);
    const [ann, bob, cyd] = [await register('ann'), await register('bob'), await register('cyd')];
    await ask('create_session', null, { username: 'ann', password: 'correct horse', deviceId: 'd' });
    const created: RequestOf<'create_conversation'> = {
      conversationType: 'group',
      memberIds: [bob, cyd],
      clientMessageId: id('group'),
      title: 'Tea',
    };
    const { conversation } = await ask('create_conversation', ann, created);
    const group = (conversation as { conversationId: string }).conversationId;
    await ask('create_conversation', ann, { conversationType: 'direct', memberIds: [bob] });
    for (let count = 0; count < MESSAGES; count += 1) {
      const send = {
        conversationId: group,
        clientMessageId: id(`m${count}`),
        body: `Tea ${count} \u{1f375}`,
      };
      await ask(
        'send_message',
        count % 3 === 0 ? bob : ann,
        count === 5 ? { ...send, mentions: [bob] } : send,
      );
    }
    await ask('remove_member', ann, { conversationId: group, userId: cyd });
    await ask('receipt', bob, { conversationId: group, read: 100 });
    return { ann, bob, group };
  });
}

async function seenBy(config: Config, userId: string, conversationId: string): Promise<unknown> {
  return await withChat(config, async ({ chat }) => {
    const caller = { kind: 'user', userId, deviceId: 'd' } as const;
    const list = await chat.handle('list_conversations', caller, {}, ALONE);
    const page = await chat.handle('list_messages', caller, { conversationId, limit: 200 }, ALONE);
    return [list.json, page.json];
  });
}

function suite(title: string, makeTarget: () => Promise<Config>): void {
  describe(title, () => {
    test('everything is there, and what follows from it is the same', async () => {
      const [from, to] = [sqlite('from'), await makeTarget()];
      const { ann, bob, group } = await fill(from);
      const progress = await withStores(
        from,
        to,
        async (stores) => await moveStore({ ...stores, onProgress: () => undefined }),
      );
      expect(progress).toMatchObject({ accounts: 3, eventsFound: 0, work: 0 });
      expect(progress.events).toBeGreaterThan(MESSAGES);
      for (const userId of [ann, bob])
        expect(await seenBy(to, userId, group)).toEqual(await seenBy(from, userId, group));
      await withChat(to, async ({ chat }) => {
        const again = { conversationId: group, clientMessageId: id('m7'), body: 'Tea 7 \u{1f375}' };
        const reply = await chat.handle(
          'send_message',
          { kind: 'user', userId: ann, deviceId: 'd' },
          again,
          ALONE,
        );
        expect(reply.existing).toBe(true);
        const session = await chat.handle(
          'create_session',
          { kind: 'anyone' },
          { username: 'ann', password: 'correct horse' },
          ALONE,
        );
        expect(session.json).toContain(ann);
      });
    }, 60_000);

    test('it goes on where it was stopped, and stops at another history', async () => {
      const [from, to] = [sqlite('from'), await makeTarget()];
      await fill(from);
      await withStores(from, to, async (stores) => {
        const stopped = moveStore({
          ...stores,
          onProgress: ({ conversations }) => {
            if (conversations === 1) throw new Error('stopped');
          },
        });
        expect(await stopped.catch((error: Error) => error.message)).toBe('stopped');
        const rest = await moveStore({ ...stores, onProgress: () => undefined });
        expect(rest.eventsFound).toBeGreaterThan(0);
        const nothing = await moveStore({ ...stores, onProgress: () => undefined });
        expect(nothing.events).toBe(0);
      });
      const other = sqlite('other');
      await fill(other);
      await withStores(other, from, async (stores) => {
        const refused = await moveStore({ ...stores, onProgress: () => undefined }).catch(
          (error: Error) => error.message,
        );
        expect(refused).toMatch(/name|target/);
      });
    }, 60_000);
  });
}

suite('moving from one file to another', () => Promise.resolve(sqlite('to')));

const cassandra = process.env['CONFAB_TEST_CASSANDRA'];

describe.skipIf(cassandra === undefined)(
  `moving into Cassandra${cassandra === undefined ? ' (needs Cassandra: npm run services -- install)' : ''}`,
  () => {
    suite('as it is done for a fleet', newKeyspace);

    test('and the way back', async () => {
      const [from, to] = [await newKeyspace(), sqlite('back')];
      const { ann, group } = await fill(from);
      await withStores(
        from,
        to,
        async (stores) => await moveStore({ ...stores, onProgress: () => undefined }),
      );
      expect(await seenBy(to, ann, group)).toEqual(await seenBy(from, ann, group));
    }, 60_000);
  },
);

async function newKeyspace(): Promise<Config> {
  const config = readConfig({
    ...SECRET,
    CONFAB_CASSANDRA: cassandra,
    CONFAB_CASSANDRA_KEYSPACE: `confab_move_${crypto.randomUUID().slice(0, 8)}`,
    CONFAB_CASSANDRA_REPLICATION: '1',
    CONFAB_CASSANDRA_ALLOW: 'few_replicas',
  });
  await migrateSchema(config);
  return config;
}
