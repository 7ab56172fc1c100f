import type { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFile } from '../private-files.ts';
import { storeLimits } from '../settings.ts';
import { decodeAnswers, encodeWrite, type FromWriter, joinWrites } from '../wire.ts';
import type { Answer } from '../write-requests.ts';
import { openDatabase } from './open-database.ts';
import { WriterLoop } from './writer-loop.ts';

let folder = '';
let db: Database;
let turns: (() => void)[] = [];
let toldAll: FromWriter[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-loop-'));
  const path = join(folder, 'confab.db');
  createPrivateFile(path);
  db = openDatabase(path);
  turns = [];
  toldAll = [];
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

/** A thread that writes, and what it heard: how many answers at once and which, or a word about the whole. */
class Thread {
  readonly heard: string[] = [];

  readonly post = (message: FromWriter): void => {
    this.heard.push(typeof message === 'string' ? counted(decodeAnswers(message)) : message.kind);
  };
}

function counted(answers: readonly Answer[]): string {
  const results = answers.map((answer) =>
    answer.kind === 'done' ? JSON.stringify(answer.result) : answer.kind,
  );
  return `${answers.length} ${[...new Set(results)].join()}`;
}

function openLoop(): WriterLoop {
  const soon = (turn: () => void): void => void turns.push(turn);
  return new WriterLoop(db, { postToAll: (message) => toldAll.push(message), soon, checkpointMib: 1 });
}

/** Each is answered with null. */
function touches(count: number): string {
  const touch = encodeWrite('touch', { userId: 'ann', deviceId: 'd', lastSeenAt: '' });
  return joinWrites(Array.from({ length: count }, () => touch));
}

/** Each is answered with false: there is no such device. */
function revocations(count: number): string {
  const revoke = encodeWrite('revoke', { userId: 'ann', deviceId: 'd', atMs: 1 });
  return joinWrites(Array.from({ length: count }, () => revoke));
}

function takeTurns(): void {
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
}

describe('the loop of the writer', () => {
  test('[LOG1] more than one transaction takes is answered, each thread its own, before any is let go', () => {
    const [one, other] = [new Thread(), new Thread()];
    const loop = openLoop();
    const most = storeLimits.requestsPerTransactionMax;
    loop.accept(touches(most - 1), one);
    loop.accept(revocations(3), other);
    loop.accept(touches(most), one);
    loop.dismiss(other);
    loop.close();
    takeTurns();
    expect(one.heard).toEqual([`${most - 1} null`, `${most - 2} null`, '2 null']);
    expect(other.heard).toEqual(['1 false', '2 false', 'closed']);
    expect(toldAll).toEqual([{ kind: 'closed' }]);
  });

  test('[LOG1] after an error that leaves open what the file holds all are told, and none is ever answered', () => {
    const [one, other] = [new Thread(), new Thread()];
    const loop = openLoop();
    const run = db.run.bind(db);
    db.run = (sql: string) => {
      if (sql === 'COMMIT') throw Object.assign(new Error('told to fail'), { code: 'SQLITE_IOERR_FSYNC' });
      return run(sql);
    };
    loop.accept(touches(1), one);
    takeTurns();
    db.run = run;
    loop.accept(touches(1), other);
    loop.dismiss(one);
    loop.close();
    takeTurns();
    expect(toldAll).toEqual([{ kind: 'fatal', message: 'SQLITE_IOERR_FSYNC: told to fail' }]);
    expect([...one.heard, ...other.heard]).toEqual([]);
  });
});
