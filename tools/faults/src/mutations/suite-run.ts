import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TreeCopy } from './tree-copy.ts';

/** A suite that has not ended by then never will. */
const RUN_LIMIT_MS = 180_000;
const FAILED_TEST = /^\(fail\) (.*?)(?: \[[\d.]+ ?m?s\])?$/;
const NEEDS = /\((needs [^()]+)\)/;

/** How a suite ended. `failures` are the tests that failed, or all that was said where it has no tests. */
export interface SuiteRun {
  readonly isGreen: boolean;
  readonly failures: readonly string[];
  /** What it would have needed, where it ran nothing. */
  readonly needs: string | null;
  readonly output: string;
}

/** Runs bun with these words in a copy, up to the first failure. Whatever the suite started ends with it. */
export async function runSuite(copy: TreeCopy, words: readonly string[]): Promise<SuiteRun> {
  const child = spawn(process.execPath, [...words], {
    cwd: copy.root,
    env: { ...process.env, TMPDIR: copy.temporary, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, by which all it started can be ended.
    detached: true,
  });
  let output = '';
  const listen = (text: Buffer) => (output += text.toString());
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const endGroup = () => endGroupOf(child.pid);
  process.once('exit', endGroup);
  const limit = setTimeout(endGroup, RUN_LIMIT_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return readRun(output, code === 0);
  } finally {
    clearTimeout(limit);
    endGroup();
    process.off('exit', endGroup);
  }
}

function endGroupOf(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function readRun(output: string, isGreen: boolean): SuiteRun {
  const failed = output.split('\n').flatMap((line) => FAILED_TEST.exec(line)?.[1] ?? []);
  const ranNothing = /^ *0 pass$/m.test(output) && /^ *[1-9]\d* skip$/m.test(output);
  return {
    isGreen,
    failures: isGreen ? [] : failed.length > 0 ? failed : [output],
    needs: ranNothing ? (NEEDS.exec(output)?.[1] ?? 'something that is not here') : null,
    output,
  };
}
