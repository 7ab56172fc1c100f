import { expect, test } from 'bun:test';
import { choosePort, readCommandLine, statusPortOf } from './command-line.ts';

test('without words it is three nodes behind a balancer over one Cassandra that syncs every write', () => {
  expect(readCommandLine([])).toEqual({
    kind: 'start',
    folder: '.confab-cluster',
    isFresh: false,
    nodes: 3,
    cassandraNodes: 1,
    sync: 'batch',
    port: null,
    hasBalancer: true,
  });
});

test('each option is read', () => {
  const words = '--nodes 5 --cassandra=3 --sync group --port 9000 --no-balancer --data-dir x --fresh'.split(
    ' ',
  );
  expect(readCommandLine(words)).toEqual({
    kind: 'start',
    folder: 'x',
    isFresh: true,
    nodes: 5,
    cassandraNodes: 3,
    sync: 'group',
    port: 9_000,
    hasBalancer: false,
  });
  expect(readCommandLine(['--rolling-restart'])).toEqual({
    kind: 'rolling restart',
    folder: '.confab-cluster',
  });
  expect(readCommandLine(['-h'])).toEqual({ kind: 'help' });
});

test('what is wrong is said', () => {
  expect(() => readCommandLine(['--nodes', '0'])).toThrow('--nodes is a number from 1 to 9, not "0".');
  expect(() => readCommandLine(['--nodes', 'x'])).toThrow('not "x"');
  expect(() => readCommandLine(['--port', '65530'])).toThrow('--port is a number from 1 to 65525');
  expect(() => readCommandLine(['--sync', 'never'])).toThrow('--sync is one of batch, group, periodic.');
  expect(() => readCommandLine(['--node', '3'])).toThrow('--nodes N');
});

test('a port that is asked for is taken; without one a free block is found', async () => {
  expect(await choosePort(8_080)).toBe(8_080);
  using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
  expect(await choosePort(null)).not.toBe(taken.port ?? 0);
  expect(statusPortOf(8_080)).toBe(8_090);
});
