import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteStore, type SqliteStore } from './open-sqlite-store.ts';

const MINUTE_MS = 60_000;
const KILLS = 10;
const bun = process.execPath;
const commitUntilKilled = fileURLToPath(new URL('./fixtures/commit-until-killed.ts', import.meta.url));
const commitBetweenLines = fileURLToPath(new URL('./fixtures/commit-between-lines.ts', import.meta.url));
const commitUntilFatal = fileURLToPath(new URL('./fixtures/commit-until-fatal.ts', import.meta.url));
const fillTheDisk = fileURLToPath(new URL('./fixtures/fill-the-disk.ts', import.meta.url));

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-durability-'));
  path = join(folder, 'confab.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a store on a real disk', () => {
  test(
    `[LOG1] [LOG2] [LOG4] ${KILLS} kills in the midst of commits lose and double nothing that was acknowledged`,
    async () => {
      const acknowledged: string[] = [];
      for (let round = 1; round <= KILLS; round += 1) {
        acknowledged.push(...(await commitsUntilKill(round * 40)));
      }
      const store = await open();
      const kept = new Set<string>();
      const conversationIds = new Set(acknowledged.map((line) => line.split(' ')[0] ?? ''));
      for (const conversationId of conversationIds) {
        const all = { conversationId, after: 0, before: null, limit: 1e6, bytesMax: 1e12, type: null };
        const events = await store.log.read(all);
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
        expect(new Set(events.map(({ clientMessageId }) => clientMessageId)).size).toBe(events.length);
        expect((await store.log.heads([conversationId])).get(conversationId)?.sequence).toBe(events.length);
        for (const { sequence, clientMessageId } of events)
          kept.add(`${conversationId} ${sequence} ${clientMessageId}`);
      }
      await store.close();
      expect(acknowledged.filter((line) => !kept.has(line))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(KILLS * 40);
    },
    MINUTE_MS,
  );

  test.skipIf(!canTrace())(
    '[LOG1] [G1.1] the log file is synced between the request and the answer of every commit (needs strace: apt-get install strace)',
    () => {
      const trace = join(folder, 'trace');
      const calls = 'trace=write,fsync,fdatasync';
      run(['strace', '-f', '-y', '-s', '16', '-e', calls, '-o', trace, bun, commitBetweenLines, path]);
      const syncs: number[] = [];
      for (const line of readFileSync(trace, 'utf8').split('\n')) {
        if (line.includes('"asked')) syncs.push(0);
        const last = syncs.length - 1;
        if (line.includes('"answered')) expect(syncs[last]).toBeGreaterThan(0);
        if (/f(data)?sync\(\d+<[^>]*-wal>/.test(line) && last >= 0) syncs[last] = (syncs[last] ?? 0) + 1;
      }
      expect(syncs).toHaveLength(5);
    },
    MINUTE_MS,
  );

  test.skipIf(!canTrace())(
    '[LOG1] [G1.1] the names of a new file and of its new folders are synced before the first answer (needs strace: apt-get install strace)',
    () => {
      const deep = join(folder, 'deep');
      const deeper = join(deep, 'deeper');
      const trace = join(folder, 'trace');
      const strace = ['strace', '-f', '-y', '-s', '16', '-e', 'trace=write,fsync,fdatasync', '-o', trace];
      run([...strace, bun, commitBetweenLines, join(deeper, 'confab.db')]);
      const [before = ''] = readFileSync(trace, 'utf8').split('"answered');
      for (const place of [folder, deep, deeper]) expect(before).toMatch(syncOf(place));
    },
    MINUTE_MS,
  );

  test.skipIf(!canMount())(
    '[LOG3] [G1.3] a full disk refuses writes as unavailable, leaves reads alone, and is over when there is room (needs unshare with mounts)',
    () => {
      const mount = 'mount -t tmpfs -o size=6m none "$1" && exec "$2" "$3" "$1/confab.db"';
      const inside = ['sh', '-c', mount, 'sh', folder, bun, fillTheDisk];
      const lines = run(['unshare', '--map-root-user', '--mount', ...inside]);
      expect(lines).toEqual([
        'full unavailable unavailable',
        'cursors ConfabError: SQLITE_FULL: database or disk is full',
        'reads true',
        'room committed committed',
        'reads true',
        'closed',
      ]);
    },
    MINUTE_MS,
  );

  test(
    '[LOG1] after an I/O error nothing is answered, every thread is told, and the file holds what was acknowledged before',
    async () => {
      // A file over the limit makes the system refuse the write with an error that is not "disk full".
      const limited = 'trap "" XFSZ; ulimit -f 1500; exec "$0" "$@"';
      const { stdout, exitCode } = Bun.spawnSync(['bash', '-c', limited, bun, commitUntilFatal, path]);
      const lines = stdout.toString().trim().split('\n');
      const committed = lines.slice(0, -2);
      const ends = lines.slice(-2).toSorted();
      expect(ends).toEqual([expect.stringContaining('fatal SQLITE_IOERR'), 'fatal there as well']);
      expect(exitCode).toBe(7);
      expect(committed).toEqual(committed.map((_, index) => `committed ${index + 1}`));
      const store = await open();
      const head = (await store.log.heads(['g'])).get('g')?.sequence ?? 0;
      expect(head).toBeGreaterThanOrEqual(committed.length);
      expect(head).toBeLessThanOrEqual(committed.length + 1);
      await store.close();
    },
    MINUTE_MS,
  );
});

/** What a child acknowledged until it was killed, which happens once it has acknowledged `count`. */
async function commitsUntilKill(count: number): Promise<readonly string[]> {
  const child = Bun.spawn([bun, commitUntilKilled, path], { stdout: 'pipe', stderr: 'inherit' });
  let text = '';
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split('\n').length > count) child.kill('SIGKILL');
  }
  await child.exited;
  expect(child.signalCode).toBe('SIGKILL');
  // The last line may have been cut off by the kill; then nobody has heard of it.
  return text.split('\n').slice(0, -1);
}

/** How `strace -y` shows that a folder was synced. */
function syncOf(place: string): RegExp {
  return new RegExp(`f(data)?sync\\(\\d+<${RegExp.escape(place)}>`);
}

function run(command: string[]): readonly string[] {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${exitCode}\n${stderr.toString()}`);
  return stdout.toString().trim().split('\n');
}

function open(): Promise<SqliteStore> {
  return openSqliteStore({
    path,
    onFatal(error) {
      throw error;
    },
  });
}

function canTrace(): boolean {
  return Bun.which('strace') !== null && Bun.spawnSync(['strace', '-o', '/dev/null', 'true']).exitCode === 0;
}

function canMount(): boolean {
  if (Bun.which('unshare') === null || !existsSync('/proc/self/ns/mnt')) return false;
  const mount = ['sh', '-c', 'mount -t tmpfs none /mnt'];
  return Bun.spawnSync(['unshare', '--map-root-user', '--mount', ...mount]).exitCode === 0;
}
