import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageCommit } from './fixtures/message-commit.ts';
import { connectSqliteStore, openSqliteStore, type SqliteStore } from './open-sqlite-store.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-open-'));
  path = join(folder, 'data', 'deep', 'confab.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('opening a store', () => {
  test('the folder and its files are for their owner only', async () => {
    const store = await open();
    await store.log.commit(messageCommit('g', 0));
    const inside = join(folder, 'data', 'deep');
    for (const name of ['data', 'data/deep']) expect(modeOf(join(folder, name))).toBe('700');
    const files = readdirSync(inside);
    expect(files.toSorted()).toEqual(
      ['', '-shm', '-wal', '.lock', '.pid'].map((end) => `confab.db${end}`).toSorted(),
    );
    for (const name of files) expect(modeOf(join(inside, name))).toBe('600');
    await store.close();
  });

  test('[CUR3] many more writes than one transaction takes are each answered once, and before the store is closed', async () => {
    const store = await open();
    const count = 2_500;
    const answered: number[] = [];
    const writes = Array.from({ length: count }, (_, index) => {
      const place = { conversationId: `g${index % 7}`, userId: 'ann', deviceId: 'd', ordinal: index };
      return store.cursors
        .advance([{ ...place, kind: 'read', sequence: index + 1 }])
        .then(() => answered.push(index));
    });
    await store.close();
    expect(answered).toEqual(Array.from({ length: count }, (_, index) => index));
    await Promise.all(writes);
    const again = await open();
    const places = Array.from({ length: 7 }, (_, index) => ({ conversationId: `g${index}`, userId: 'ann' }));
    const kept = (await again.cursors.get(places)).map((cursor) => cursor?.read);
    expect(new Set(kept)).toEqual(new Set([2_494, 2_495, 2_496, 2_497, 2_498, 2_499, 2_500]));
    await again.close();
  });

  test('a second opening is refused and names the process, in this one and in another', async () => {
    const store = await open();
    expect(await refusal(open())).toContain(`in use by process ${process.pid}`);
    const script = `import { openSqliteStore } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))};
      await openSqliteStore({ path: ${JSON.stringify(path)}, onFatal() {} });`;
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, '-e', script]);
    expect(exitCode).not.toBe(0);
    expect(stderr.toString()).toContain(`in use by process ${process.pid}`);
    // The refused ones must not have taken the lock away by looking at it.
    expect(await refusal(open())).toContain('in use');
    expect(await store.log.commit(messageCommit('g', 0))).toEqual({ kind: 'committed' });
    await store.close();
    await (await open()).close();
  });

  test('[LOG2] [LOG4] threads that share the writer are fenced by the head like any two, and see what either committed', async () => {
    const store = await open();
    const others = [1, 2, 3].map(() => connectSqliteStore(store.share(), fail));
    const all = [store, ...others];
    const outcomes = await Promise.all(all.map(({ log }) => log.commit(messageCommit('g', 0))));
    expect(
      outcomes
        .map(({ kind }) => kind)
        .toSorted()
        .filter((kind) => kind === 'committed'),
    ).toHaveLength(1);
    const committed = await Promise.all(
      all.map(async ({ log }, index) => {
        for (let head = 0; head < 50; head += 1) await log.commit(messageCommit(`own${index}`, head));
        return `own${index}`;
      }),
    );
    for (const { log } of all) {
      const heads = await log.heads(committed);
      expect(committed.map((conversationId) => heads.get(conversationId)?.sequence)).toEqual([
        50, 50, 50, 50,
      ]);
    }
    for (const other of others) await other.close();
    expect(await store.log.commit(messageCommit('own0', 50))).toEqual({ kind: 'committed' });
    await store.close();
  });

  test('[WORK1] what was claimed is offered at once in a store opened anew: nobody else can be at it', async () => {
    const store = await open();
    const task = {
      kind: 'record_membership',
      userIds: ['ann'],
      change: 'joined',
      conversationId: 'g',
      eventId: 'e',
      sequence: 1,
    } as const;
    await store.log.commit({ ...messageCommit('g', 0), work: [{ workId: 'w', dueAtMs: 0, task }] });
    expect(await store.work.claim({ nowMs: 1, limit: 1, leaseMs: 1e9 })).toHaveLength(1);
    await store.close();
    const again = await open();
    expect(await again.work.claim({ nowMs: 1, limit: 1, leaseMs: 1e9 })).toMatchObject([{ attempts: 2 }]);
    await again.close();
  });

  test('the log file is copied back as it grows, in the parts that were asked for', async () => {
    const checkpointMib = 1;
    const store = await openSqliteStore({ path, onFatal: fail, checkpointMib });
    const body = 'x'.repeat(60_000);
    for (let head = 0; head < 100; head += 1) await store.log.commit(messageCommit('g', head, body));
    expect(statSync(`${path}-wal`).size).toBeLessThan(2 * checkpointMib * 2 ** 20);
    await store.close();
  });

  test('what a killed process leaves behind does not stop the next one', async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, 'fixtures/commit-until-killed.ts'), path],
      {
        stdout: 'pipe',
      },
    );
    const reader = child.stdout.getReader();
    await reader.read();
    expect(await refusal(open())).toContain(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await child.exited;
    await (await open()).close();
  });

  test('closing answers everything first, copies the log file back, and lets go of the file', async () => {
    const store = await open();
    const commits = Array.from({ length: 50 }, (_, index) => store.log.commit(messageCommit(`g${index}`, 0)));
    const closing = store.close();
    expect(await refusal(open())).toContain('in use');
    await closing;
    expect(new Set((await Promise.all(commits)).map(({ kind }) => kind))).toEqual(new Set(['committed']));
    expect(readdirSync(join(folder, 'data', 'deep')).toSorted()).toEqual([
      'confab.db',
      'confab.db.lock',
      'confab.db.pid',
    ]);
    expect((await store.log.commit(messageCommit('late', 0))).kind).toBe('unavailable');
    await store.close();
  });

  test('a process that closed its stores ends of itself', async () => {
    const script = `import { connectSqliteStore, openSqliteStore } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))};
      const store = await openSqliteStore({ path: ${JSON.stringify(path)}, onFatal() {} });
      const connected = connectSqliteStore(store.share(), () => {});
      await connected.close();
      await store.close();`;
    const child = Bun.spawn([process.execPath, '-e', script], { stderr: 'pipe' });
    expect(await child.exited).toBe(0);
  });

  test('a file with a newer schema, of another program or with no database in it is refused and left as it is', async () => {
    await (await open()).close();
    const db = new Database(path);
    db.run("INSERT INTO schema_migrations VALUES (99, 'future', '')");
    db.close();
    expect(await refusal(open())).toContain('schema 99');

    rmSync(path);
    const other = new Database(path);
    other.run('CREATE TABLE theirs (a)');
    other.close();
    expect(await refusal(open())).toContain('another program');

    await Bun.write(path, 'not a database, and long enough to be seen as something else '.repeat(100));
    expect(await refusal(open())).toContain('not a database');
    rmSync(path);
    await (await open()).close();
  });
});

describe('what one write does to others', () => {
  test('an error in one of many writes of a moment takes no other with it', async () => {
    const store = await open();
    const account = (userId: string, name: string) =>
      store.accounts.create({
        userId,
        username: name,
        foldedUsername: name,
        displayName: name,
        picture: null,
        createdAt: '',
        passwordHash: 'hash',
      });
    const [first, second, twice, commit] = await Promise.allSettled([
      account('u1', 'one'),
      account('u2', 'two'),
      account('u1', 'three'),
      store.log.commit(messageCommit('g', 0)),
    ]);
    expect([first, second]).toEqual([
      { status: 'fulfilled', value: 'created' },
      { status: 'fulfilled', value: 'created' },
    ]);
    expect(twice?.status).toBe('rejected');
    expect(commit).toEqual({ status: 'fulfilled', value: { kind: 'committed' } });
    expect(await store.log.commit(messageCommit('g', 1))).toEqual({ kind: 'committed' });
    await store.close();
  });

  test('[LOG1] [LOG3] what was written before an error of the same moment keeps its place and its sender', async () => {
    const store = await open();
    const account = {
      userId: 'u1',
      username: 'one',
      foldedUsername: 'one',
      displayName: 'one',
      picture: null,
      createdAt: '',
      passwordHash: 'hash',
    };
    await store.accounts.create(account);
    const outcomes = await Promise.allSettled([
      store.log.commit(messageCommit('g', 0)),
      store.log.commit(messageCommit('g', 1)),
      store.accounts.create({ ...account, username: 'two', foldedUsername: 'two' }),
    ]);
    const committed = { status: 'fulfilled', value: { kind: 'committed' } };
    expect(outcomes).toMatchObject([committed, committed, { status: 'rejected' }]);
    const all = { after: 0, before: null, limit: 9, bytesMax: 1e6, type: null };
    const events = await store.log.read({ conversationId: 'g', ...all });
    expect(events.map(({ sequence, senderId }) => [sequence, senderId])).toEqual([
      [1, 'u-sender'],
      [2, 'u-sender'],
    ]);
    await store.close();
  });

  test('[ACC4] the time of a revocation never goes back, though the clock does', async () => {
    const store = await open();
    const device = {
      userId: 'ann',
      deviceId: 'd',
      name: '',
      createdAt: '',
      lastSeenAt: '',
      revoked: false,
      refreshNonce: 'nonce',
      refreshGeneration: 0,
      rotatedAtMs: 0,
      revokedAtMs: 0,
    };
    for (const atMs of [9, 5]) {
      await store.devices.signIn(device, 1);
      expect(await store.devices.revoke('ann', 'd', atMs)).toBe(true);
      expect(await store.devices.get('ann', 'd')).toMatchObject({ revoked: true, revokedAtMs: 9 });
    }
    await store.close();
  });
});

function fail(error: Error): never {
  throw error;
}

function open(): Promise<SqliteStore> {
  return openSqliteStore({ path, onFatal: fail });
}

async function refusal(opening: Promise<SqliteStore>): Promise<string> {
  try {
    await (await opening).close();
  } catch (error) {
    return String(error);
  }
  throw new Error('it was opened');
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}
