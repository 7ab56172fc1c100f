import { describe, expect, test } from 'bun:test';
import { deliveryTiers } from '@confab/conversation';
import { ConfabError, type EventPage, formatEventId, limits, type Message } from '@confab/protocol';
import {
  callerOf,
  checkHistory,
  createTestCluster,
  fieldOf,
  type TestCluster,
  type TestDevice,
  type TestUser,
  turn,
} from '@confab/testkit';

/** As they are, and with groups of any size delivered in the ways of larger ones. */
const TIERS = (['push', 'followers', 'ticks'] as const).map(
  (delivery) =>
    [delivery, deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier))] as const,
);

const id = (name: string): string => name.padEnd(22, '-');

interface Scene {
  readonly cluster: TestCluster;
  readonly ann: TestUser;
  readonly bob: TestUser;
  readonly group: string;
}

/** Ann and Bob in a group. */
async function open(options: Parameters<typeof createTestCluster>[0] = {}): Promise<Scene> {
  const cluster = await createTestCluster(options);
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  await cluster.settle();
  return { cluster, ann, bob, group };
}

let messages = 0;

async function say(cluster: TestCluster, user: TestUser, conversationId: string, count = 1): Promise<void> {
  for (let left = count; left > 0; left--) {
    messages += 1;
    const request = { conversationId, clientMessageId: id(`m${messages}`), body: `message ${messages}` };
    await cluster.ask('send_message', callerOf(user), request);
  }
}

async function change(
  cluster: TestCluster,
  by: TestUser,
  conversationId: string,
  what: { readonly remove: TestUser } | { readonly add: TestUser },
): Promise<void> {
  messages += 1;
  const common = { conversationId, clientMessageId: id(`m${messages}`) };
  if ('remove' in what)
    await cluster.ask('remove_member', callerOf(by), { ...common, userId: what.remove.userId });
  else await cluster.ask('add_members', callerOf(by), { ...common, userIds: [what.add.userId] });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => 'done',
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfabError ? error.code : String(error);
}

function pagesOf(device: TestDevice): EventPage[] {
  return (device.session?.told ?? []).flatMap((told) => (told.kind === 'page' ? [told.page] : []));
}

describe('coming back', () => {
  test('[G4.1] [G4.6] on another node a device gets exactly what it missed, then caught_up', async () => {
    const { cluster, ann, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const device = cluster.device(bob, 'phone');
    await device.connect(cluster.node(0));
    await say(cluster, ann, group, 2);
    // Half open: nobody tells the first node.
    device.vanish();
    await say(cluster, ann, group, 450);
    await device.connect(cluster.node(1));
    const told = device.session?.told ?? [];
    const sequences = told.flatMap((one) =>
      one.kind === 'event' && one.event.conversationId === group ? [one.event.sequence] : [],
    );
    expect(sequences).toEqual(Array.from({ length: 450 }, (_value, index) => index + 4));
    expect(told.at(-1)?.kind).toBe('caught_up');
    await say(cluster, ann, group);
    expect(await checkHistory(cluster, [group])).toEqual([]);
  });

  test('[G4.2] a cursor of another history, from the future or of no log at all is answered with reset', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    await say(cluster, ann, group, 60);
    const unknown = [
      formatEventId(group, 30, 'AAAAAAAA'),
      formatEventId(group, 61, 'AAAAAAAA'),
      formatEventId(group, 1_000, 'AAAAAAAA'),
      `${group}.zzzzzzzzzzz.AAAAAAAA`,
    ];
    for (const cursor of unknown) {
      const device = cluster.device(bob, `phone-${cursor}`);
      await device.connect();
      device.vanish();
      Object.defineProperty(device, 'cursors', { value: [cursor] });
      await device.connect();
      const [page] = pagesOf(device);
      expect(page).toMatchObject({ conversationId: group, reset: true, head: { sequence: 61 } });
      expect(page?.events.map((event) => event.sequence)).toEqual(
        Array.from({ length: 50 }, (_v, index) => index + 12),
      );
      if (cursor.includes('zzzz')) continue;
      const { answer } = await cluster.ask('sync', device.caller, { conversationId: group, after: cursor });
      expect(answer).toMatchObject({ reset: true });
    }
    const nowhere = cluster.device(bob, 'nowhere');
    Object.defineProperty(nowhere, 'cursors', { value: [formatEventId('gnone', 3, 'AAAAAAAA')] });
    await nowhere.connect();
    expect(pagesOf(nowhere)).toEqual([{ conversationId: 'gnone', events: [], head: null, reset: true }]);
  });

  test('[G5.1] [P4.4] who was removed is told nothing of how far it has come since, whatever cursor they have', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    await change(cluster, ann, group, { remove: bob });
    await say(cluster, ann, group, 5);
    for (const cursor of [formatEventId(group, 1, 'AAAAAAAA'), formatEventId(group, 5, 'AAAAAAAA')]) {
      const device = cluster.device(bob, `phone-${cursor}`);
      Object.defineProperty(device, 'cursors', { value: [cursor] });
      await device.connect();
      expect(pagesOf(device)).toEqual([{ conversationId: group, events: [], head: null, reset: true }]);
    }
  });

  test('[G8.1] a long list comes in pages of 64 KiB, all of it once', async () => {
    const { cluster, ann, bob } = await open();
    await using _ = cluster;
    const titles = Array.from({ length: 400 }, (_one, index) => `${index} ${'é'.repeat(90)}`);
    for (const title of titles) {
      const memberIds = [bob.userId];
      const request = {
        conversationType: 'group' as const,
        memberIds,
        title,
        clientMessageId: id(title.slice(0, 3)),
      };
      await cluster.ask('create_conversation', callerOf(ann), request);
    }
    const device = cluster.device(bob, 'phone');
    await device.connect();
    const pages = (device.session?.told ?? []).flatMap((told) => (told.kind === 'heads' ? [told.items] : []));
    const sizes = pages.map((items) => Buffer.byteLength(JSON.stringify(items)));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.headsPageBytesMax);
    expect(pages.length).toBeGreaterThan(2);
    const told = pages.flat().flatMap(({ title }) => title ?? []);
    expect(new Set(told)).toEqual(new Set(titles));
    expect(told).toHaveLength(titles.length);
  });

  test('[G4.2] 10,000 events behind is replayed, 10,001 is reset', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const device = cluster.device(bob, 'phone');
    await device.connect();
    await device.disconnect();
    const sends = Array.from({ length: limits.replayEventsMax }, (_value, index) =>
      cluster.begin('send_message', callerOf(ann), {
        conversationId: group,
        clientMessageId: id(`s${index}`),
        body: 'x',
      }),
    );
    await Promise.all(sends);
    const early = cluster.device(bob, 'early');
    Object.defineProperty(early, 'cursors', { value: device.cursors });
    await early.connect();
    expect(pagesOf(early)).toEqual([]);
    expect(early.session?.told.filter(({ kind }) => kind === 'event')).toHaveLength(limits.replayEventsMax);
    await say(cluster, ann, group);
    await device.connect();
    expect(pagesOf(device)).toMatchObject([{ conversationId: group, reset: true }]);
    await device.level();
    expect(device.unreadOf(group)).toBe(limits.replayEventsMax + 1);
  });

  test('[G4.3] ready says which of the pending sends landed', async () => {
    const { cluster, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const device = cluster.device(bob, 'phone');
    await device.connect(cluster.node(0));
    cluster.schedule.isHolding = true;
    const lost = device.resend({ conversationId: group, clientMessageId: id('landed'), body: 'landed' });
    void refusal(lost);
    while ((await cluster.log(group)).length === 1) await cluster.schedule.step();
    cluster.node(0).crash();
    cluster.schedule.isHolding = false;
    device.pending.set(id('not'), { conversationId: group, clientMessageId: id('not'), body: 'not' });
    await device.connect(cluster.node(1));
    const ready = device.session?.told[0];
    const [landed] = (await cluster.log(group)).slice(1);
    expect(ready).toMatchObject({ landed: [[group, id('landed'), landed?.eventId, 2, landed?.sentAt]] });
    expect([...device.pending.keys()]).toEqual([id('not')]);
  });

  test('[G4.4] added and removed while offline: in the list, and in the own log', async () => {
    const { cluster, ann, group } = await open();
    await using _ = cluster;
    const cyd = (await cluster.users('cyd'))[0] as TestUser;
    const device = cluster.device(cyd, 'phone');
    await device.connect();
    await device.disconnect();
    await change(cluster, ann, group, { add: cyd });
    await device.connect();
    await device.level();
    const ownLogId = cluster.ownLogId(cyd.userId);
    expect(device.summaries.get(group)).toMatchObject({ conversationId: group, unread: 0 });
    expect(device.logs.get(ownLogId)?.events).toMatchObject([
      { change: 'joined', targetConversationId: group, targetSequence: 2 },
    ]);
    await device.disconnect();
    await change(cluster, ann, group, { remove: cyd });
    await device.connect();
    expect(device.logs.get(ownLogId)?.events.at(-1)).toMatchObject({ change: 'left', targetSequence: 3 });
    expect(device.session?.told.find((told) => told.kind === 'heads')).toMatchObject({ items: [] });
  });

  test.each(TIERS)(
    '[G4.5] an event committed at any point of a resume is applied once (%s)',
    async (_name, tiers) => {
      for (let point = 0; ; point++) {
        const { cluster, ann, bob, group } = await open({ tiers });
        await using _ = cluster;
        const device = cluster.device(bob, 'phone');
        await device.connect();
        await device.disconnect();
        await say(cluster, ann, group, 3);
        cluster.schedule.isHolding = true;
        const connecting = device.connect();
        let passed = 0;
        while (passed < point && (await cluster.schedule.step())) passed += 1;
        // The resume stands still here while the event is committed and delivered; only its own steps are held back.
        await turn();
        const held = new Set(cluster.schedule.pending);
        messages += 1;
        const body = `at point ${point}`;
        const sent = cluster.begin('send_message', callerOf(ann), {
          conversationId: group,
          clientMessageId: id(`m${messages}`),
          body,
        });
        while (await cluster.schedule.release((step) => !held.has(step)));
        await sent;
        await cluster.finish(connecting);
        // What ticks tell, and what a follower was told of while it did not know yet, the device asks for.
        await cluster.advance(1_000);
        await cluster.finish(device.level());
        const bodies =
          device.logs.get(group)?.events.flatMap((event) => ('body' in event ? [event.body] : [])) ?? [];
        expect(bodies.filter((one) => one === body)).toHaveLength(1);
        expect(await checkHistory(cluster, [group])).toEqual([]);
        if (passed < point) return;
      }
    },
  );

  test('[G4.5] events at each of the first steps of a resume are all applied, however many', async () => {
    // Far more than a resume has; as long as they come, it goes on.
    for (let count = 1; count <= 60; count++) {
      const { cluster, ann, bob, group } = await open();
      await using _ = cluster;
      const device = cluster.device(bob, 'phone');
      await device.connect();
      await device.disconnect();
      cluster.schedule.isHolding = true;
      const connecting = device.connect();
      const own = new Set<unknown>();
      for (let steps = 0; steps < count; steps++) {
        await turn();
        for (const step of cluster.schedule.pending) own.add(step);
        const hasMoved = await cluster.schedule.release((step) => own.has(step));
        if (!hasMoved) break;
        for (const step of cluster.schedule.pending) own.add(step);
        messages += 1;
        const request = { conversationId: group, clientMessageId: id(`m${messages}`), body: 'meanwhile' };
        const sent = cluster.begin('send_message', callerOf(ann), request);
        while (await cluster.schedule.release((step) => !own.has(step)));
        await sent;
      }
      await cluster.finish(connecting);
      const last = (await cluster.log(group)).length;
      expect([count, device.logs.get(group)?.reached]).toEqual([count, last]);
      expect(device.session?.told.filter(({ kind }) => kind === 'caught_up')).toHaveLength(1);
      expect(device.behind.size).toBe(0);
    }
  });

  test.each([
    ['with', true],
    ['without', false],
  ])(
    '[G4.5] [G5.3] %s a cursor, removed and back at any point of a resume: nothing of the time between',
    async (_name, hasCursor) => {
      for (let point = 0; ; point++) {
        const { cluster, ann, bob, group } = await open();
        await using _ = cluster;
        const device = cluster.device(bob, 'phone');
        await device.connect();
        await device.disconnect();
        await say(cluster, ann, group, 3);
        if (!hasCursor) device.logs.delete(group);
        cluster.schedule.isHolding = true;
        const connecting = device.connect();
        let passed = 0;
        while (passed < point && (await cluster.schedule.step())) passed += 1;
        await turn();
        const held = new Set(cluster.schedule.pending);
        const changes = async (): Promise<void> => {
          for (const [name, what] of [
            ['remove', 'remove_member'],
            ['secret', 'send_message'],
            ['back', 'add_members'],
          ] as const) {
            messages += 1;
            const common = { conversationId: group, clientMessageId: id(`m${messages}`) };
            const request = { ...common, body: name, userId: bob.userId, userIds: [bob.userId] };
            await cluster.begin(what, callerOf(ann), request);
          }
        };
        const changed = changes();
        while (await cluster.schedule.release((step) => !held.has(step)));
        await changed;
        await cluster.finish(connecting);
        await cluster.finish(device.level());
        expect(await checkHistory(cluster, [group])).toEqual([]);
        expect(JSON.stringify(device.session?.told)).not.toContain('secret');
        if (passed < point) return;
      }
    },
  );
});

describe('what a member may read', () => {
  test('[G5.1] who was removed gets that event at the next resume, and nothing after it', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const device = cluster.device(bob, 'phone');
    await device.connect();
    await device.disconnect();
    await say(cluster, ann, group);
    await change(cluster, ann, group, { remove: bob });
    await say(cluster, ann, group);
    await device.connect();
    expect(device.logs.get(group)?.events.map(({ type }) => type)).toEqual(['message_event', 'member_event']);
    expect(await refusal(cluster.ask('sync', device.caller, { conversationId: group, after: null }))).toBe(
      'not_found',
    );
  });

  test('[G5.1] a removal at any point of a read hides what came after it', async () => {
    const reads = [
      ['sync', { after: null }],
      ['list_events', {}],
      ['list_messages', {}],
      ['list_messages', { after: 1 }],
      ['list_messages', { around: 3 }],
      ['list_messages', { before: 1_000 }],
      ['get_conversation', {}],
      ['list_conversations', {}],
    ] as const;
    for (const [verb, fields] of reads) {
      for (let point = 0; ; point++) {
        const { cluster, ann, bob, group } = await open();
        await using _ = cluster;
        await say(cluster, ann, group);
        cluster.schedule.isHolding = true;
        const request = { conversationId: group, ...fields } as never;
        const reading = cluster.begin(verb, callerOf(bob), request).catch((error: unknown) => error);
        let passed = 0;
        while (passed < point && (await cluster.schedule.step())) passed += 1;
        await turn();
        const held = new Set(cluster.schedule.pending);
        const changes = async (): Promise<void> => {
          const common = { conversationId: group };
          await cluster.begin('remove_member', callerOf(ann), { ...common, userId: bob.userId });
          await cluster.begin('send_message', callerOf(ann), {
            ...common,
            clientMessageId: id('secret'),
            body: 'secret',
          });
        };
        const changed = changes();
        while (await cluster.schedule.release((step) => !held.has(step)));
        await changed;
        const outcome = await cluster.finish(reading);
        expect(`${verb} at ${point}: ${JSON.stringify(outcome)}`).not.toContain('secret');
        if (passed < point) break;
      }
    }
  });

  test('[G5.3] who joined at N reads from N on, on every path', async () => {
    const { cluster, ann, group } = await open();
    await using _ = cluster;
    const cyd = (await cluster.users('cyd'))[0] as TestUser;
    await say(cluster, ann, group, 3);
    await change(cluster, ann, group, { add: cyd });
    const joined = (await cluster.log(group)).at(-1);
    const preview = await cluster.ask('get_conversation', callerOf(cyd), { conversationId: group });
    expect(preview.answer?.['conversation']).not.toHaveProperty('preview');
    await say(cluster, ann, group, 2);
    const before = (await cluster.log(group))[1]?.eventId ?? '';
    const asks = [
      cluster.ask('sync', callerOf(cyd), { conversationId: group, after: null }),
      cluster.ask('sync', callerOf(cyd), { conversationId: group, after: before }),
      cluster.ask('list_events', callerOf(cyd), { conversationId: group }),
      cluster.ask('list_events', callerOf(cyd), { conversationId: group, after: before }),
    ];
    for (const reply of await Promise.all(asks)) {
      const events = fieldOf<{ sequence: number }[]>(reply, 'events');
      expect(events.map(({ sequence }) => sequence)).toEqual([5, 6, 7]);
      expect(events[0]).toMatchObject({ eventId: joined?.eventId });
    }
    for (const fields of [{}, { before: 6 }, { after: 0 }, { around: 2 }, { around: before }]) {
      const reply = await cluster.ask('list_messages', callerOf(cyd), {
        conversationId: group,
        ...fields,
      });
      const expected = 'before' in fields ? [] : [6, 7];
      expect(fieldOf<Message[]>(reply, 'messages').map(({ sequence }) => sequence)).toEqual(expected);
    }
  });
});

describe('the long poll', () => {
  test('is woken by news, by its end, and by the asker going', async () => {
    const { cluster, ann, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const after = (await cluster.log(group)).at(-1)?.eventId ?? '';
    const poll = (waitMs: number, gone: Promise<void> | null) =>
      cluster
        .node(1)
        .chat.handle(
          'list_events',
          callerOf(bob),
          { conversationId: group, after, waitMs },
          { lane: null, gone },
        );
    let answered = 0;
    const note = (): void => void (answered += 1);
    const woken = poll(20_000, null);
    void woken.then(note);
    await cluster.advance(10_000);
    expect(answered).toBe(0);
    await say(cluster, ann, group);
    expect(
      (JSON.parse((await woken).json ?? '') as EventPage).events.map(({ sequence }) => sequence),
    ).toEqual([2]);
    const cursor = (await cluster.log(group)).at(-1)?.eventId ?? '';
    const idle = (waitMs: number, gone: Promise<void> | null) =>
      cluster
        .node(1)
        .chat.handle(
          'list_events',
          callerOf(bob),
          { conversationId: group, after: cursor, waitMs },
          { lane: null, gone },
        );
    const timed = idle(20_000, null);
    await cluster.advance(20_000);
    expect(JSON.parse((await timed).json ?? '')).toMatchObject({ events: [], head: { sequence: 2 } });
    expect(JSON.parse((await idle(20_000, Promise.resolve())).json ?? '')).toMatchObject({ events: [] });
    const removed = refusal(idle(20_000, null));
    await cluster.settle();
    await change(cluster, ann, group, { remove: bob });
    expect(await removed).toBe('not_found');
  });
});
