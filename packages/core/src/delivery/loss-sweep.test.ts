import { expect, test } from 'bun:test';
import type { ConversationLog, NodeBus, Observer, SessionRegistry, Views } from '@confab/contracts';
import { DrivenClock, RecordingSession, turn } from '@confab/testkit';
import { LocalSessions } from './local-sessions.ts';
import { LossSweep } from './loss-sweep.ts';

const GRACE_MS = 250;

test('[G9.2] a conversation that a session notes while the sweep looks who is here is looked after on', async () => {
  const second = Promise.withResolvers<void>();
  let pages = 0;
  const page = Array.from({ length: 1_000 }, (_, index) => ({ key: `a${index}` }));
  const views = {
    list: async () => {
      pages += 1;
      if (pages === 1) return page;
      await second.promise;
      return [];
    },
  } as unknown as Views;
  const log = { heads: async () => new Map([['d1', { sequence: 2 }]]) } as unknown as ConversationLog;
  const registry = { claim: async () => undefined } as unknown as SessionRegistry;
  const node = { nodeId: 'n', bootId: 'b' };
  const sessions = new LocalSessions({ registry, log, views, node, onFault: () => undefined });
  sessions.handed.note('d1', 1);
  const clock = new DrivenClock(0);
  const bus = { onLoss: () => () => undefined } as unknown as NodeBus;
  const sweep = new LossSweep({ nodeId: 'n', log, views, bus, clock, observer: {} as Observer, sessions });
  sweep.start();
  await turn();
  clock.fireNext(GRACE_MS);
  await turn();
  expect(pages).toBe(2);
  await sessions.attach(
    new RecordingSession({
      userId: 'a5',
      deviceId: 'd',
      connectionId: 'c',
      openedAtMs: 0,
      onTold: () => undefined,
    }),
  );
  sessions.handed.note('d1', 2);
  second.resolve();
  await turn();
  expect([...sessions.handed.conversations()]).toEqual(['d1']);
  await sweep.stop();
});
