import { expect, test } from 'bun:test';
import type { Attempt, Stream } from '../history.ts';
import { checkHistory, type Recorded } from '../history-checker.ts';
import type { LogEvent } from '../wire.ts';
import { aroundOf } from './around.ts';
import { readCommandLine } from './command-line.ts';
import { figuresOf } from './figures.ts';
import { pageOf } from './page.ts';
import { isRed, type Report, reportOf } from './report.ts';
import { readRuleTexts } from './rule-texts.ts';
import type { ScenarioRecord } from './scenario-record.ts';
import { type Progress, readTests, TestOutput } from './test-run.ts';

const CONVERSATION = 'g1';

const JUNIT = `<testsuites>
  <testsuite name="tools/faults/src/scenarios/kill.test.ts" file="tools/faults/src/scenarios/kill.test.ts">
    <testcase name="[G1.2] first &quot;one&quot;" file="tools/faults/src/scenarios/kill.test.ts" line="10" time="1.5" />
    <testsuite name="a group" line="20">
      <testcase name="row a" file="tools/faults/src/scenarios/kill.test.ts" line="22" time="2"><failure type="Error" /></testcase>
      <testcase name="row b" file="tools/faults/src/scenarios/kill.test.ts" line="22" time="3" />
      <testcase name="left out (needs strace: apt-get install strace)" line="30" file="tools/faults/src/scenarios/kill.test.ts"><skipped /></testcase>
    </testsuite>
  </testsuite>
</testsuites>`;

const OUTPUT = `bun test v1

tools/faults/src/scenarios/kill.test.ts:
(pass) [G1.2] first "one" [1500.00ms]
error: it took too long
(fail) a group > row a [2.00s]
(pass) a group > row b [3000.12ms]
(skip) a group > left out (needs strace: apt-get install strace)
`;

function recordAt(line: number, atMs: number, breaches: ScenarioRecord['breaches'] = []): ScenarioRecord {
  const place = { file: 'kill.test.ts', line };
  return {
    place,
    atMs,
    isAsked: true,
    rulesChecked: ['G1.2'],
    counts: { acknowledged: atMs },
    measured: {},
    breaches,
  };
}

function eventAt(sequence: number): LogEvent {
  return {
    type: 'message_event',
    eventId: `${CONVERSATION}.${sequence.toString(36)}.aaaa`,
    conversationId: CONVERSATION,
    sequence,
    ordinal: sequence,
    senderId: 'ann',
    body: `m${sequence}`,
  };
}

function attemptAt(sequence: number, invokedAtMs: number, endedAtMs: number): Attempt {
  return {
    userId: 'ann',
    connection: 'connection-1',
    conversationId: CONVERSATION,
    clientMessageId: `c${sequence}`,
    body: `m${sequence}`,
    invokedAtMs,
    endedAtMs,
    outcome: { kind: 'accepted', sequence, messageId: eventAt(sequence).eventId, isDuplicate: false },
  };
}

/** Three messages were acknowledged, and the last of them is not in the log. */
function withOneLost(): Recorded {
  const steps = [1, 2, 3].map((sequence) => ({
    kind: 'event' as const,
    event: eventAt(sequence),
    atMs: sequence,
  }));
  const stream: Stream = { userId: 'ben', device: 'ben/phone', conversationId: CONVERSATION, steps };
  return {
    logs: [{ conversationId: CONVERSATION, events: [eventAt(1), eventAt(2)] }],
    attempts: [attemptAt(1, 0, 10), attemptAt(2, 20, 30), attemptAt(3, 40, 640)],
    streams: [stream],
    unreadClaims: [],
  };
}

test('what the runner prints is told on the way, and what a test said is kept where it failed', () => {
  const told: Progress[] = [];
  const output = new TestOutput((progress) => told.push(progress));
  // In pieces that end anywhere.
  for (const piece of OUTPUT.match(/[^]{1,7}/g) ?? []) output.take(piece);
  expect(told).toEqual([
    { kind: 'file', file: 'tools/faults/src/scenarios/kill.test.ts' },
    { kind: 'test', outcome: 'passed', title: '[G1.2] first "one"', tookMs: 1_500 },
    { kind: 'test', outcome: 'failed', title: 'a group > row a', tookMs: 2_000 },
    { kind: 'test', outcome: 'passed', title: 'a group > row b', tookMs: 3_000.12 },
    {
      kind: 'test',
      outcome: 'skipped',
      title: 'a group > left out (needs strace: apt-get install strace)',
      tookMs: 0,
    },
  ]);
  const tests = readTests(JUNIT, (title) => output.outputOf(title));
  expect(tests.map(({ title, outcome, output: said }) => [title, outcome, said])).toEqual([
    ['[G1.2] first "one"', 'passed', ''],
    ['a group > row a', 'failed', 'error: it took too long'],
    ['a group > row b', 'passed', ''],
    ['a group > left out (needs strace: apt-get install strace)', 'skipped', ''],
  ]);
});

test('a record goes to the test above its line, and rows of one table get theirs in order', () => {
  const tests = readTests(JUNIT, () => '');
  const records = [recordAt(15, 1), recordAt(27, 3)];
  const scenarios = reportOf(tests, records);
  // Row a failed and recorded nothing.
  expect(scenarios.map(({ counts }) => counts['acknowledged'])).toEqual([1, undefined, 3, undefined]);
  const breach = { rule: 'G1.2', what: 'lost', around: null };
  const both = reportOf(tests, [recordAt(27, 4), recordAt(27, 3, [breach])]);
  expect(both.map(({ breaches }) => breaches.length)).toEqual([0, 1, 0, 0]);
});

test('what a scenario leaves behind unasked says something where it failed, and nothing where it passed', () => {
  const breach = { rule: 'G1.2', what: 'lost', around: null };
  const unasked = (line: number): ScenarioRecord => ({ ...recordAt(line, line, [breach]), isAsked: false });
  const tests = readTests(JUNIT, () => '').slice(0, 2);
  const scenarios = reportOf(tests, [unasked(15), unasked(27)]);
  expect(scenarios.map(({ outcome, breaches }) => [outcome, breaches.length])).toEqual([
    ['passed', 0],
    ['failed', 1],
  ]);
});

test('a run is red by a failed test, by a broken rule alone, and by a stage that did not run', () => {
  const passed = reportOf(readTests(JUNIT, () => '').slice(0, 1), [recordAt(15, 1)]);
  const broken = passed.map((one) => ({ ...one, breaches: [{ rule: 'G1.2', what: 'lost', around: null }] }));
  const failed = passed.map((one) => ({ ...one, outcome: 'failed' as const }));
  const redOf = (scenarios: typeof passed, trouble: string | null = null): boolean =>
    isRed({ runs: [{ stage: 'fleet', trouble, scenarios }] });
  expect([redOf(passed), redOf(broken), redOf(failed), redOf([], 'no Redis')]).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('a breach shows the message, the log about its place and what each device has of it', () => {
  const recorded = withOneLost();
  const lost = checkHistory(recorded).find(({ rule }) => rule === 'G1.2');
  if (lost === undefined) throw new Error('nothing was found');
  const { log, attempts, devices } = aroundOf(recorded, lost.where);
  expect(log.map(({ sequence, eventId, isBroken }) => [sequence, eventId, isBroken])).toContainEqual([
    3,
    null,
    true,
  ]);
  expect(attempts).toMatchObject([{ clientMessageId: 'c3', invokedAtMs: 40, endedAtMs: 640 }]);
  expect(devices).toEqual([{ device: 'ben/phone', steps: ['1', '2', '3'], isBroken: false }]);
});

test('the figures say how much there was and how long people waited', () => {
  const { counts, measured } = figuresOf(withOneLost());
  expect(counts).toMatchObject({ attempts: 3, acknowledged: 3, unknown: 0, events: 2, deliveries: 3 });
  expect(measured).toEqual({ slowestAnswerMs: 600, longestPauseMs: 600 });
});

test('the page names the message and the rule that it broke, in the words of the docs, and is safe to look at', () => {
  const recorded = withOneLost();
  const breaches = checkHistory(recorded).map(({ rule, what, where }) => ({
    rule,
    what,
    around: aroundOf(recorded, where),
  }));
  const tests = readTests(JUNIT, () => '<script>alert(1)</script>');
  const scenarios = reportOf(tests, [recordAt(15, 1, breaches)]);
  const report: Report = {
    version: 1,
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 7,
    scale: 1,
    runs: [{ stage: 'one machine', trouble: null, scenarios }],
  };
  const page = pageOf(report);
  expect(page).toContain('c3 of ann was acknowledged at 3 and is not in the log');
  expect(page).toContain(readRuleTexts().get('G1.2') ?? 'no such rule');
  expect(page).toContain('apt-get install strace');
  expect(page).not.toContain('<script');
  expect(page).not.toMatch(/(?:src|href)="(?!#)/);
});

test('the command line: names, stages, scale; what is no scenario is named', () => {
  expect(readCommandLine(['kill', '--scale', '10', '--fleet'])).toMatchObject({
    kind: 'run',
    names: ['kill'],
    stages: ['fleet'],
    mustHaveFleet: true,
    scale: 10,
  });
  expect(readCommandLine([])).toMatchObject({ stages: ['one machine', 'fleet'], mustHaveFleet: false });
  expect(readCommandLine(['kil'])).toMatchObject({ kind: 'wrong' });
  expect(readCommandLine(['--scale', 'large'])).toMatchObject({ kind: 'wrong' });
  expect(readCommandLine(['--colour'])).toMatchObject({ kind: 'wrong' });
});
