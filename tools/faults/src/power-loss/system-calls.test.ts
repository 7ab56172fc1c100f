import { expect, test } from 'bun:test';
import { SystemCalls } from './system-calls.ts';

/** As `strace -xx` writes texts. */
function hex(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function operationsOf(lines: readonly string[]) {
  const calls = new SystemCalls('/data', new Map());
  for (const line of lines) calls.readLine(line);
  return calls.operations;
}

const handle = `5<${hex('/data/a')}>`;
const created = `10 openat(AT_FDCWD<${hex('/')}>, "${hex('/data/a')}", O_RDWR|O_CREAT, 0600) = ${handle}`;

test('calls of threads that run at once are read by their beginnings and ends', () => {
  const operations = operationsOf([
    created,
    `10 pwrite64(${handle}, "${hex('abc')}", 3, 4096) = 3`,
    `11 fdatasync(${handle} <unfinished ...>`,
    `10 pwrite64(${handle}, "${hex('de')}", 2, 0 <unfinished ...>`,
    `12 sendto(7<${hex('socket:[1]')}>, "${hex('an answer')}", 9, 0, NULL, 0) = 9`,
    '11 <... fdatasync resumed>)      = 0',
    '10 <... pwrite64 resumed>)       = 2',
  ]);
  expect(operations).toEqual([
    { kind: 'create', file: 'a' },
    { kind: 'write', file: 'a', offset: 4_096, bytes: Buffer.from('abc') },
    { kind: 'sync_begins', file: 'a', sync: 1 },
    { kind: 'write', file: 'a', offset: 0, bytes: Buffer.from('de') },
    { kind: 'told', to: '7', text: 'an answer' },
    { kind: 'sync_ends', file: 'a', sync: 1 },
  ]);
});

test('plain writes go on where the last one ended, and at the end of what was opened to append', () => {
  const operations = operationsOf([
    created,
    `10 write(${handle}, "${hex('abc')}", 3) = 3`,
    `10 write(${handle}, "${hex('de')}", 2) = 2`,
    `10 ftruncate(${handle}, 4) = 0`,
    `10 openat(AT_FDCWD<${hex('/')}>, "${hex('/data/a')}", O_WRONLY|O_APPEND) = ${handle}`,
    `10 write(${handle}, "${hex('f')}", 1) = 1`,
  ]);
  expect(operations.flatMap((one) => (one.kind === 'write' ? [one.offset] : []))).toEqual([0, 3, 4]);
});

test('names that change, files elsewhere, failed calls and the shared memory of SQLite', () => {
  const operations = operationsOf([
    created,
    `10 rename("${hex('/data/a')}", "${hex('/data/b')}") = 0`,
    `10 unlink("${hex('/data/none')}") = -1 ENOENT (No such file or directory)`,
    `10 pwrite64(6<${hex('/data/a-shm')}>, "${hex('x')}", 1, 0) = 1`,
    `10 write(8<${hex('/elsewhere/a')}>, "${hex('not about us')}", 12) = 12`,
    `10 fsync(9<${hex('/data')}>) = 0`,
    '10 +++ exited with 0 +++',
  ]);
  expect(operations).toEqual([
    { kind: 'create', file: 'a' },
    { kind: 'rename', file: 'a', to: 'b' },
    { kind: 'sync_begins', file: null, sync: 1 },
    { kind: 'sync_ends', file: null, sync: 1 },
  ]);
});

test('a change that is not understood is not passed over', () => {
  const unknown = `10 fallocate(${handle}, 0, 0, 4096) = 0`;
  expect(() => operationsOf([created, unknown])).toThrow('not understood');
});
