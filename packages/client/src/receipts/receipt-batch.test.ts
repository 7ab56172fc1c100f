import { beforeEach, describe, expect, test } from 'bun:test';
import type { ClientFrame } from '@confab/protocol';
import { DrivenTimers } from '../testing/driven-timers.ts';
import { ReceiptBatch } from './receipt-batch.ts';

describe('receipts', () => {
  let timers: DrivenTimers;
  let said: ClientFrame[];
  let isReady: boolean;
  let batch: ReceiptBatch;

  beforeEach(() => {
    timers = new DrivenTimers();
    said = [];
    isReady = true;
    batch = new ReceiptBatch({
      timers,
      send: (frame) => {
        if (isReady) said.push(frame);
        return isReady;
      },
    });
  });

  const receipt = (marks: object): ClientFrame => ({ type: 'receipt', conversationId: 'g1', ...marks });

  test('go out at once, then at most once a second, and only what rose', async () => {
    batch.note('g1', { delivered: 3 });
    batch.note('g1', { delivered: 5 });
    batch.note('g1', { delivered: 4, read: 2 });
    batch.note('g1', { read: 1 });
    batch.note('g2', { read: 1 });
    expect(said).toEqual([receipt({ delivered: 3 }), { type: 'receipt', conversationId: 'g2', read: 1 }]);
    await timers.advance(1_000);
    expect(said.slice(2)).toEqual([receipt({ delivered: 5, read: 2 })]);
    await timers.advance(60_000);
    expect(said.length).toBe(3);
    expect(timers.waiting).toBe(0);
  });

  test('what was noted for one user is not said for the next', async () => {
    batch.note('g1', { read: 1 });
    batch.note('g1', { read: 2 });
    batch.clear();
    await timers.advance(60_000);
    expect(said).toEqual([receipt({ read: 1 })]);
    expect(timers.waiting).toBe(0);
  });

  test('[G6.3] one that the server could not take is said again after a while', async () => {
    batch.note('g1', { read: 2 });
    await timers.advance(60_000);
    batch.refused('g1', null);
    batch.refused('unknown', null);
    await timers.advance(4_999);
    expect(said.length).toBe(1);
    await timers.advance(1);
    expect(said).toEqual([receipt({ read: 2 }), receipt({ read: 2 })]);
    batch.refused('g1', 20_000);
    await timers.advance(19_999);
    expect(said.length).toBe(2);
    await timers.advance(1);
    expect(said.length).toBe(3);
  });

  test('wait for a link, and repeat what the last one may have lost', async () => {
    isReady = false;
    batch.note('g1', { read: 2 });
    isReady = true;
    batch.ready();
    expect(said).toEqual([receipt({ read: 2 })]);
    batch.linkLost();
    batch.ready();
    expect(said).toEqual([receipt({ read: 2 }), receipt({ read: 2 })]);
    await timers.advance(60_000);
    batch.linkLost();
    batch.ready();
    expect(said.length).toBe(2);
  });
});
