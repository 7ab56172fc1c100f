import { describe, expect, test } from 'bun:test';
import { nextView, type ViewChange, type ViewStep } from './cluster-view.ts';

const LEASE_MS = 10_000;

/** A poll of a registry, and what it changes. */
function poll(
  before: ViewStep['before'],
  polled: readonly string[],
  more: Partial<ViewStep> = {},
): ViewChange {
  return nextView({ before, polled, nowMs: 0, leaseMs: LEASE_MS, hasLeft: () => false, ...more });
}

const both = ['redis-1', 'g1', '4', '', 'a', 'boot-a~1 redis-1:g1 owner', 'b', 'boot-b~1 - retired'];

describe('cluster view', () => {
  test('a poll gives the leases', () => {
    const { view, lost, left } = poll(null, both);
    expect([view.redisRunId, view.epoch, view.changes]).toEqual(['redis-1', 'redis-1:g1', '4']);
    expect(view.nodes.get('a')).toEqual({
      run: 'boot-a~1',
      epoch: 'redis-1:g1',
      isRetired: false,
      missingSinceMs: null,
    });
    expect(view.nodes.get('b')).toEqual({
      run: 'boot-b~1',
      epoch: null,
      isRetired: true,
      missingSinceMs: null,
    });
    expect([lost, left]).toEqual([[], []]);
  });

  test('[BUS5] a lease of a later version is passed over', () => {
    expect([...poll(null, ['r', 'g', '1', '', 'a', 'boot~1 - owner more', 'b', 'x']).view.nodes]).toEqual([]);
  });

  test('[NODE1] a lease that is gone is a loss, unless the node said that it leaves', () => {
    const { view } = poll(null, both);
    const silent = poll(view, both.slice(0, 6));
    expect([silent.lost, silent.left]).toEqual([['b'], []]);
    const polite = poll(view, both.slice(0, 6), { hasLeft: (run) => run === 'boot-b~1' });
    expect([polite.lost, polite.left]).toEqual([[], ['b']]);
  });

  test('[BUS4] another process in the place of a node is a loss, another run of the same process none', () => {
    const { view } = poll(null, both);
    expect(poll(view, [...both.slice(0, 5), 'boot-a2~1 - owner', ...both.slice(6)]).lost).toEqual(['a']);
    expect(poll(view, [...both.slice(0, 5), 'boot-a~2 - owner', ...both.slice(6)]).lost).toEqual([]);
  });

  test.each([
    ['the registry was lost', ['redis-1', 'g2', '0', '']],
    ['Redis is another one', ['redis-2', 'g1', '4', '']],
    ['Redis may evict keys', ['redis-1', 'g1', '4', 'volatile-lru']],
  ])('[REG4] %s: nodes without a lease stay for a lease time, with rows missing', (_, polled) => {
    const { view } = poll(null, both);
    const then = poll(view, polled, { nowMs: 1_000 });
    expect(then.lost).toEqual([]);
    expect(then.view.nodes.get('a')).toMatchObject({ epoch: null, missingSinceMs: 1_000 });
    const later = poll(then.view, polled, { nowMs: 1_000 + LEASE_MS });
    expect([...later.view.nodes.keys()]).toEqual(['a', 'b']);
    const end = poll(later.view, polled, { nowMs: 1_001 + LEASE_MS });
    expect(end.lost).toEqual(['a', 'b']);
    expect([...end.view.nodes]).toEqual([]);
  });
});
