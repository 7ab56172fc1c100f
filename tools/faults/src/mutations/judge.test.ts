import { describe, expect, test } from 'bun:test';
import { readVerdict } from './judge.ts';
import { mutations } from './mutations.ts';
import { junitOf } from './report.ts';
import { wordsOf } from './suites.ts';
import { TreeCopy } from './tree-copy.ts';

const green = { isGreen: true, failures: [], needs: null, output: '' };

describe('a mutation', () => {
  test('is found where a failure names a rule that it breaks, and not where the suite is red for another reason', () => {
    const breaks = ['G1.1', 'LOG1'];
    const red = (...failures: readonly string[]) => ({
      ...green,
      isGreen: false,
      failures,
      output: 'all of it',
    });
    expect(readVerdict({ breaks }, green)).toEqual({ kind: 'survived' });
    expect(readVerdict({ breaks }, red('other', 'store > [LOG1] lives'))).toEqual({
      kind: 'found',
      by: 'store > [LOG1] lives',
      rule: 'LOG1',
    });
    expect(readVerdict({ breaks }, red('LOG1 in no brackets', 'does not load'))).toEqual({
      kind: 'beside the point',
      output: 'all of it',
    });
  });

  test('is judged by the tests that prove the rule', () => {
    const words = wordsOf('sqlite-ports', ['LOG3', 'G1.1']);
    expect(words[words.indexOf('-t') + 1]).toBe(String.raw`\[(LOG3|G1\.1)\]`);
  });

  test('has a name of its own', () => {
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  });

  test('is a test of the report: passed where it is found, skipped with its need', () => {
    const [mutation] = mutations;
    if (mutation === undefined) throw new Error('there are none');
    const report = junitOf([
      { mutation, verdict: { kind: 'found', by: 'a "test"', rule: 'G1.1' }, seconds: 1 },
      { mutation, verdict: { kind: 'survived' }, seconds: 1 },
      {
        mutation,
        verdict: { kind: 'skipped', needs: 'needs Redis: apt-get install redis-server' },
        seconds: 0,
      },
    ]);
    expect(report.match(/<testcase/g)).toHaveLength(3);
    expect(report.match(/<failure/g)).toHaveLength(1);
    expect(report).toContain('(needs Redis: apt-get install redis-server)"');
  });
});

describe('a copy of the tree', () => {
  test('takes every mutation, and is as before once it is put back', async () => {
    await using copy = await TreeCopy.make();
    const [first] = mutations[0]?.edits ?? [];
    if (first === undefined) throw new Error('there are none');
    const text = () => Bun.file(`${copy.root}/${first.file}`).text();
    const before = await text();
    // A row that no longer fits the code fails here, before anybody has to wait for a run.
    for (const { edits } of mutations) await (await copy.apply(edits))();
    expect(await text()).toBe(before);
    const twice = { ...first, find: 'import', replace: '' };
    expect(await copy.apply([twice]).catch(String)).toContain('stands there');
    expect(await text()).toBe(before);
  });

  test('has packages of its own', async () => {
    await using copy = await TreeCopy.make();
    const child = Bun.spawnSync(
      [process.execPath, '-e', 'console.log(import.meta.resolve("@confab/core"))'],
      {
        cwd: `${copy.root}/packages/gateway`,
      },
    );
    expect(child.stdout.toString()).toContain(`${copy.root}/packages/core/`);
  });
});
