import { expect, test } from 'bun:test';
import type { ConversationLog, EventDelivery, SessionRegistry, Views } from '@confab/contracts';
import { RecordingSession, turn } from '@confab/testkit';
import { LocalSessions } from './local-sessions.ts';

function open() {
  const unfollowed: string[] = [];
  const registry = {
    claim: async () => undefined,
    release: async () => undefined,
    follow: async () => undefined,
    unfollow: async ({ conversationId }: { conversationId: string }) => void unfollowed.push(conversationId),
  } as Partial<SessionRegistry> as SessionRegistry;
  const sessions = new LocalSessions({
    registry,
    log: { heads: async () => new Map([['g1', { sequence: 3 }]]) } as unknown as ConversationLog,
    views: {
      list: async () => [{ key: 'ann', value: { joinedSequence: 1 } }],
      getMany: async () => [{ key: 'g1', value: { to: null } }],
    } as unknown as Views,
    node: { nodeId: 'n', bootId: 'b' },
    onFault: () => undefined,
  });
  return { sessions, registry, unfollowed };
}

function sessionOf(deviceId: string, connectionId: string, openedAtMs: number): RecordingSession {
  return new RecordingSession({ userId: 'ann', deviceId, connectionId, openedAtMs, onTold: () => undefined });
}

test('[P3.4] a new session replaces the earlier ones of its own instance, whenever the word of it comes', async () => {
  const { sessions } = open();
  const [early, late, other] = [
    sessionOf('phone', 'a', 1_000),
    sessionOf('phone', 'c', 2_000),
    sessionOf('laptop', 'd', 1_000),
  ];
  for (const session of [early, late, other]) await sessions.attach(session);
  const opened = (instanceId: string, openedAtMs: number, connectionId: string): string[] => {
    const common = { userId: 'ann', deviceId: 'phone', instanceId, openedAtMs, connectionId };
    sessions.receive({ kind: 'session_opened', ...common });
    return [early, late, other].filter(({ told }) => told.length > 0).map((session) => session.connectionId);
  };
  expect(opened('another tab', 9_000, 'x')).toEqual([]);
  expect(opened('phone-instance', 500, 'x')).toEqual([]);
  expect(opened('phone-instance', 1_000, 'A')).toEqual([]);
  expect(opened('phone-instance', 1_500, 'b')).toEqual(['a']);
});

test('[G4.5] a session that other nodes could not be told of is none', async () => {
  const { sessions, registry } = open();
  registry.claim = async () => await Promise.reject(new Error('told to fail'));
  const outcome = await sessions.attach(sessionOf('phone', 'a', 0)).catch((error: unknown) => String(error));
  expect([outcome, sessions.of('ann')]).toEqual(['Error: told to fail', []]);
});

test('[G9.2] how far sessions were handed a conversation never goes back', async () => {
  const { handed } = open().sessions;
  handed.note('g1', 4);
  handed.note('g1', 2);
  handed.raise('g1', 3);
  expect(handed.reached('g1')).toBe(4);
  handed.raise('g1', 6);
  expect([handed.isBehind('g1', 6), handed.isBehind('g1', 7)]).toEqual([false, true]);
});

test('[G9.4] when the last session of a user has gone, nothing is followed for them', async () => {
  const { sessions, unfollowed } = open();
  const [one, other] = [sessionOf('phone', 'a', 0), sessionOf('laptop', 'b', 0)];
  for (const session of [one, other]) await sessions.attach(session);
  sessions.receive({
    kind: 'events',
    conversationId: 'g1',
    isFollowed: true,
    deliveries: [{ sequence: 3, userIds: ['ann'], joined: [], departed: [] } as unknown as EventDelivery],
  });
  await sessions.listen('g1', 'ann');
  expect([...(sessions.followersOf('g1') ?? [])]).toEqual(['ann']);
  await sessions.detach(one);
  expect(unfollowed).toEqual([]);
  await sessions.detach(other);
  expect([unfollowed, sessions.followersOf('g1')]).toEqual([['g1'], null]);
});

test('[G9.4] who listens is told to read up to where ticks said the conversation reaches', async () => {
  const { sessions } = open();
  const session = sessionOf('phone', 'a', 0);
  await sessions.attach(session);
  await sessions.listen('g1', 'ann');
  sessions.receive({ kind: 'head', conversationId: 'g1', isFollowed: true, sequence: 8, userIds: null });
  expect(await sessions.listen('g1', 'ann')).toBe(8);
});

test('[G9.2] [G9.4] who is shown in their own log that they joined what is followed here hears it from then on', async () => {
  const { sessions } = open();
  const [bob, ann] = ['bob', 'ann'].map(
    (userId) =>
      new RecordingSession({
        userId,
        deviceId: 'phone',
        connectionId: userId,
        openedAtMs: 0,
        onTold: () => undefined,
      }),
  ) as [RecordingSession, RecordingSession];
  for (const session of [bob, ann]) await sessions.attach(session);
  ann.caughtUp();
  await sessions.listen('g1', 'bob');
  const joined = {
    type: 'membership_event',
    change: 'joined',
    senderId: 'ann',
    targetConversationId: 'g1',
    targetSequence: 3,
  };
  sessions.noteJoin({ conversationId: 'sann', json: JSON.stringify(joined) });
  await turn();
  expect([...(sessions.followersOf('g1') ?? [])].toSorted()).toEqual(['ann', 'bob']);
  expect(ann.told).toContainEqual({ kind: 'behind', conversationId: 'g1', sequence: 3 });
});

test('[G9.2] a hole in an own log is left to be found, for what it hides may have been joined; another is not', async () => {
  const { sessions } = open();
  await sessions.attach(sessionOf('phone', 'a', 0));
  const event = (conversationId: string, sequence: number): void => {
    const delivery = { sequence, userIds: ['ann'], joined: [], departed: [], json: '{"type":"x"}' };
    const deliveries = [delivery as unknown as EventDelivery];
    sessions.receive({ kind: 'events', conversationId, isFollowed: false, deliveries });
  };
  const head = (conversationId: string, sequence: number): void =>
    void sessions.receive({ kind: 'head', conversationId, isFollowed: false, sequence, userIds: ['ann'] });
  const reached: number[][] = [];
  for (const conversationId of ['sann', 'g1']) {
    sessions.handed.note(conversationId, 1);
    const steps = [
      () => event(conversationId, 2),
      () => event(conversationId, 4),
      () => head(conversationId, 6),
    ];
    reached.push(
      steps.map((step) => {
        step();
        return sessions.handed.reached(conversationId);
      }),
    );
  }
  expect(reached).toEqual([
    [2, 2, 2],
    [2, 4, 6],
  ]);
});
