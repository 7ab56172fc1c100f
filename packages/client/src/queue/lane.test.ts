import { beforeEach, describe, expect, test } from 'bun:test';
import { ChatError } from '../errors.ts';
import { DrivenTimers } from '../testing/driven-timers.ts';
import { Lane } from './lane.ts';
import type { PendingRow } from './pending-store.ts';

function rowOf(place: number): PendingRow {
  return {
    clientMessageId: `m${place}`,
    userId: 'alice',
    conversationId: 'gteam',
    instanceId: 'tab',
    place,
    queuedAt: '2026-01-01T00:00:00.000Z',
    body: `m${place}`,
    format: null,
    replyTo: null,
    mentions: [],
    readThrough: null,
    failure: null,
  };
}

describe('a lane', () => {
  let timers: DrivenTimers;
  let sent: string[];
  let lane: Lane;

  beforeEach(() => {
    timers = new DrivenTimers();
    sent = [];
    lane = new Lane({
      timers,
      random: () => 0,
      transmit: ({ body }) => `ref-${sent.push(body)}`,
      changed: () => undefined,
    });
    for (const place of [1, 2, 3]) lane.add(rowOf(place), { kind: 'queued' });
    lane.pump();
  });

  test('[G2.2] waits as long as the server asks, also where the refusals of those behind come meanwhile', async () => {
    lane.refused('m1', new ChatError('rate_limited', undefined, { afterMs: 5_000 }));
    for (const behind of ['m2', 'm3']) lane.refused(behind, new ChatError('after_previous'));
    await timers.advance(4_999);
    expect(sent).toEqual(['m1', 'm2', 'm3']);
    await timers.advance(1);
    expect(sent.slice(3)).toEqual(['m1', 'm2', 'm3']);
  });

  test('[G2.2] a refusal takes back what is behind it, and nothing else', () => {
    lane.refused('m2', new ChatError('unavailable'));
    expect(lane.entries.map(({ status }) => status.kind)).toEqual(['sending', 'queued', 'queued']);
  });
});
