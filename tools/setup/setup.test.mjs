import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { checkNodeVersion, findBun, toolOf } from './install.mjs';
import { readJunit } from './junit.mjs';
import { concernsCassandra } from './test-cassandra.mjs';

test('a Node that is too old is named, with what to do', () => {
  expect(() => checkNodeVersion('20.19.0')).not.toThrow();
  expect(() => checkNodeVersion('24.0.0')).not.toThrow();
  expect(() => checkNodeVersion('20.18.3')).toThrow(/needs Node 20\.19 or newer.*this is Node 20\.18\.3/);
  expect(() => checkNodeVersion('18.20.0')).toThrow(/Install a newer one/);
});

test('the bun binary and the tools are found', () => {
  expect(existsSync(findBun())).toBe(true);
  expect(existsSync(toolOf('oxlint'))).toBe(true);
  expect(existsSync(toolOf('typescript', 'tsc'))).toBe(true);
});

test('a report of bun is read: groups, failures, skips and escapes', () => {
  const xml = `<?xml version="1.0"?>
<testsuites tests="4">
  <testsuite name="a.test.ts" file="a.test.ts">
    <testsuite name="group (needs Redis: apt-get install redis-server)" file="a.test.ts">
      <testcase name="inner" file="a.test.ts"><skipped /></testcase>
    </testsuite>
    <testcase name="a &lt;b&gt; &quot;c&quot; &#10;" file="a.test.ts" />
    <testcase name="bad" file="a.test.ts"><failure type="x" message="1 > 2">expected</failure></testcase>
  </testsuite>
</testsuites>`;
  expect(readJunit(xml)).toEqual([
    {
      title: 'group (needs Redis: apt-get install redis-server) > inner',
      file: 'a.test.ts',
      outcome: 'skipped',
      message: '',
    },
    { title: 'a <b> "c" \n', file: 'a.test.ts', outcome: 'passed', message: '' },
    { title: 'bad', file: 'a.test.ts', outcome: 'failed', message: '1 > 2' },
  ]);
});

test("a report of node's test runner is read", () => {
  const xml = `<testsuites>
	<testcase name="a" time="0.1" classname="test"/>
	<testcase name="b" classname="test"><skipped type="skipped" message="needs X"/></testcase>
	<testcase name="c" classname="test" failure="x"><failure type="testCodeFailure" message="x">stack</failure></testcase>
	<!-- tests 3 -->
</testsuites>`;
  expect(readJunit(xml).map(({ title, outcome, message }) => [title, outcome, message])).toEqual([
    ['a', 'passed', ''],
    ['b', 'skipped', 'needs X'],
    ['c', 'failed', 'x'],
  ]);
});

test('a Cassandra is started for tests that use one, and for no others', () => {
  expect(concernsCassandra([])).toBe(true);
  expect(concernsCassandra(['-t', 'LOG1'])).toBe(true);
  expect(concernsCassandra(['apps/server'])).toBe(true);
  expect(concernsCassandra(['./apps/server/src/config.test.ts'])).toBe(true);
  expect(concernsCassandra(['packages/core'])).toBe(false);
  expect(concernsCassandra(['packages/core', 'tools/faults'])).toBe(true);
  expect(concernsCassandra(['setup.test'])).toBe(false);
});
