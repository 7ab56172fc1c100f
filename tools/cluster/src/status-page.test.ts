import { expect, test } from 'bun:test';
import type { ClusterStatus, ProcessStatus } from './cluster-status.ts';
import { readMetrics } from './metrics-text.ts';
import { statusPage } from './status-page.ts';

const NODE: ProcessStatus = {
  name: 'n1',
  role: 'node',
  state: 'up',
  pid: 4_711,
  address: 'http://127.0.0.1:8081',
  uptimeSeconds: 3_725,
  memoryBytes: 100 * 1_024 * 1_024,
  ready: true,
  connections: 12,
  eventsPerSecond: 3.25,
};
const DOWN: ProcessStatus = {
  ...NODE,
  name: 'n2',
  state: 'down',
  pid: null,
  uptimeSeconds: null,
  memoryBytes: null,
  ready: false,
  connections: null,
  eventsPerSecond: null,
};

function status(...processes: ProcessStatus[]): ClusterStatus {
  return {
    address: 'http://127.0.0.1:8080',
    logFolder: 'logs of <me> & you',
    takenAt: '2026-03-01T10:11:12.345Z',
    processes,
  };
}

test('the page says what runs, in words and numbers', () => {
  const page = statusPage(status(NODE, DOWN), false);
  expect(page).toContain('<h1>Confab cluster: 1 of 2 nodes ready</h1>');
  const [first, second] = page.match(/<tr><th scope="row">.*<\/tr>/g) ?? [];
  expect(first?.replace(/<[^>]+>/g, '|')).toBe(
    '||n1||ready||http://127.0.0.1:8081||12||3.3||100 MiB||1 h 2 min||4711||',
  );
  expect(second?.replace(/<[^>]+>/g, '|')).toBe('||n2||down||http://127.0.0.1:8081||-||-||-||-||-||');
});

test('each state has a word', () => {
  const words = (['up', 'paused', 'down'] as const).map((state) =>
    /<td class="(?:up|odd|down)">([^<]+)/
      .exec(statusPage(status({ ...NODE, state, ready: null }), true))
      ?.at(1),
  );
  expect(words).toEqual(['up', 'paused', 'down']);
  expect(statusPage(status({ ...NODE, ready: false }), true)).toContain('<td class="odd">not ready</td>');
});

test('the page reloads by itself, or holds still, and names are text', () => {
  expect(statusPage(status(NODE), false)).toContain('<meta http-equiv="refresh" content="2">');
  const still = statusPage(status(NODE), true);
  expect(still).not.toContain('http-equiv');
  expect(still).toContain('logs of &#60;me&#62; &#38; you');
});

test('metrics are summed over their series', () => {
  const metrics = readMetrics(
    [
      '# HELP confab_connections Connections by state.',
      'confab_connections{state="open"} 3',
      'confab_connections{state="draining"} 1',
      'confab_commit_duration_seconds_bucket{le="0.1"} 5',
      'confab_commit_duration_seconds_count 7',
      'process_resident_memory_bytes 1.5e8',
    ].join('\n'),
  );
  expect(Object.fromEntries(metrics)).toEqual({
    confab_connections: 4,
    confab_commit_duration_seconds_count: 7,
    process_resident_memory_bytes: 150_000_000,
  });
});
