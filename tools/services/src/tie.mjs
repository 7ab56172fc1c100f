import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * From the first tied process on. The child is held, for its end of the pipe is closed once nobody holds it.
 * @type {{readonly list: number, readonly child: import('node:child_process').ChildProcess} | undefined}
 */
let lifeline;

/**
 * Ties a process to this one: when this one is gone, even by kill -9, it is killed. Only the end of a pipe says so
 * in every case, so a small process of its own listens to one. What it has to kill stands in a file: that is written when
 * this returns, which is more than can be said of a pipe.
 * @param {number} pid
 */
export function tie(pid) {
  lifeline ??= startLifeline();
  writeSync(lifeline.list, `+${pid}\n`);
}

/** Says that a tied process has ended: its number may soon be another's.
 * @param {number} pid
 */
export function untie(pid) {
  if (lifeline !== undefined) writeSync(lifeline.list, `-${pid}\n`);
}

function startLifeline() {
  const file = join(tmpdir(), `confab-tied-${randomUUID()}`);
  const list = openSync(file, 'ax', 0o600);
  const listToRead = openSync(file, 'r');
  const program = fileURLToPath(new URL('lifeline.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'ignore', 'ignore', listToRead],
    detached: true,
  });
  // Both have it open, and nobody else needs to find it.
  closeSync(listToRead);
  rmSync(file);
  // It is there to outlive us, and no reason for us to stay.
  child.unref();
  const { stdin } = child;
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return { list, child };
}
