import { beforeEach, describe, expect, test } from 'bun:test';
import { limits } from '@confab/protocol';
import { DrivenTimers } from '../testing/driven-timers.ts';
import { Heartbeat } from './heartbeat.ts';

describe('the heartbeat', () => {
  let timers: DrivenTimers;
  let heartbeat: Heartbeat;
  let pings = 0;
  let deaths = 0;

  beforeEach(() => {
    timers = new DrivenTimers();
    pings = 0;
    deaths = 0;
    heartbeat = new Heartbeat({ timers, sendPing: () => (pings += 1), dead: () => (deaths += 1) });
    heartbeat.start();
  });

  test('asks after an interval of silence and declares death after the time-out', async () => {
    await timers.advance(limits.heartbeatIntervalMs - 1);
    expect(pings).toBe(0);
    await timers.advance(1);
    expect([pings, deaths]).toEqual([1, 0]);
    await timers.advance(limits.heartbeatTimeoutMs);
    expect(deaths).toBe(1);
  });

  test('anything heard is a sign of life, and an answer saves the link', async () => {
    await timers.advance(20_000);
    heartbeat.heard();
    await timers.advance(20_000);
    expect(pings).toBe(0);
    await timers.advance(5_000);
    expect(pings).toBe(1);
    heartbeat.heard();
    await timers.advance(limits.heartbeatTimeoutMs);
    expect(deaths).toBe(0);
  });

  test('a new link inherits no missed answer', async () => {
    await timers.advance(limits.heartbeatIntervalMs);
    heartbeat.start();
    await timers.advance(limits.heartbeatTimeoutMs + 1);
    expect(deaths).toBe(0);
  });

  test('a clock set back or ahead kills no link', async () => {
    timers.jump(-3_600_000);
    await timers.advance(limits.heartbeatIntervalMs);
    timers.jump(7_200_000);
    await timers.advance(limits.heartbeatIntervalMs);
    expect(pings).toBeGreaterThan(0);
    heartbeat.heard();
    await timers.advance(limits.heartbeatTimeoutMs);
    expect(deaths).toBe(0);
  });

  test('a probe asks at once, and a stopped heartbeat asks nothing', async () => {
    heartbeat.probe();
    expect(pings).toBe(1);
    heartbeat.stop();
    heartbeat.probe();
    await timers.advance(600_000);
    expect([pings, deaths]).toEqual([1, 0]);
  });
});
