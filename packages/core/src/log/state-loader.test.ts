import { expect, test } from 'bun:test';
import type { ConversationLog, Views } from '@confab/contracts';
import { apply, type Command, type ConversationState, decide } from '@confab/conversation';
import { limits } from '@confab/protocol';
import { callerOf, createMemoryStore, createTestCluster, type TestUser } from '@confab/testkit';
import { encodeEvent } from './event-codec.ts';
import { advanceState, loadState } from './state-loader.ts';
import { viewPutsOf } from './view-puts.ts';

/** A group of Ann and Bob, and its state as it is loaded while `change` happens between any two reads of rows. */
async function loadWhile(change: (at: number) => 'message' | 'member' | 'nothing') {
  const cluster = await createTestCluster();
  await using _ = cluster;
  const names = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gil', 'hal', 'ivy', 'joe'];
  const [ann, bob, ...others] = (await cluster.users(...names)) as [TestUser, TestUser, ...TestUser[]];
  const group = await cluster.group(ann, [bob]);
  const device = cluster.device(ann, 'web');
  await device.connect();
  await cluster.finish(device.send(group, 'before'));
  const { log, views } = cluster.store;
  let lists = 0;
  const list: Views['list'] = async (request) => {
    const rows = await views.list(request);
    const what = change(lists);
    const joins = others[lists];
    lists += 1;
    if (what === 'message') await cluster.finish(device.send(group, `while ${lists}`));
    if (what === 'member' && joins !== undefined) {
      const clientMessageId = `add ${lists}`.padEnd(22, '-');
      const add = { conversationId: group, clientMessageId, userIds: [joins.userId] };
      await cluster.finish(cluster.ask('add_members', callerOf(ann), add));
    }
    return rows;
  };
  const watched: Views = {
    list,
    getMany: (view, places) => views.getMany(view, places),
    counts: (questions) => views.counts(questions),
    watermark: (conversationId) => views.watermark(conversationId),
  };
  const state = await loadState(log, watched, group);
  const events = await cluster.log(group);
  const members = [...(state?.members.keys() ?? [])];
  return { sequence: state?.head.sequence ?? 0, members, events, lists };
}

test('[LOG5] a conversation is loaded at once however many messages come meanwhile', async () => {
  const { sequence, members, events, lists } = await loadWhile(() => 'message');
  expect(lists).toBe(2);
  expect(events.length).toBe(4);
  // At the head that was read first.
  expect(sequence).toBe(2);
  expect(members).toHaveLength(2);
});

test('[LOG5] rows that change while they are read are read again', async () => {
  const { sequence, members, events, lists } = await loadWhile((at) => (at === 0 ? 'member' : 'nothing'));
  expect(lists).toBe(4);
  expect(sequence).toBe(events.length);
  expect(members).toHaveLength(3);
});

/** A log of Ann's group in a store in memory, which is appended to without a writer. */
class OneLog {
  readonly store = createMemoryStore();
  state: ConversationState | null = null;

  async create(memberIds: readonly string[]): Promise<void> {
    await this.#append({
      verb: 'create_conversation',
      type: 'group',
      title: 'ours',
      memberIds,
      ...this.#common,
    });
  }

  async say(): Promise<void> {
    const send = { verb: 'send_message', body: 'x', format: null, replyTo: null, mentions: [] } as const;
    await this.#append({ ...send, ...this.#common });
  }

  get #common() {
    return { conversationId: 'g1', actorId: 'ann', clientMessageId: `id ${this.state?.head.sequence ?? 0}` };
  }

  async #append(command: Command): Promise<void> {
    const before = this.state;
    const decision = decide(before, command, { sentAt: '', random: 'AAAAAAAA' });
    if (decision.kind !== 'event') throw new Error(decision.kind);
    this.state = apply(before, decision.event);
    await this.store.log.commit({
      conversationId: 'g1',
      expectedHead: before?.head.sequence ?? 0,
      events: [{ ...encodeEvent(decision.event), contentHash: '' }],
      head: this.state.head,
      views: viewPutsOf(before, this.state, decision.event),
      work: [],
    });
  }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `user${index}`);

/** A group at its head, from its creation; `said` messages later. */
async function advanced(said: number, read: (log: OneLog) => ConversationLog['read']) {
  const one = new OneLog();
  await one.create(['bob']);
  const first = one.state;
  if (first === null) throw new Error('not created');
  for (let count = 0; count < said; count += 1) await one.say();
  const { log } = one.store;
  const watched = { heads: log.heads.bind(log), read: read(one) } as unknown as ConversationLog;
  return {
    expected: one.state,
    state: await advanceState(watched, first).catch((error: Error) => error.message),
  };
}

test('[LOG2] a state is advanced over as many pages as there are, to all the log says', async () => {
  const { state, expected } = await advanced(limits.pageItemsMax * 2 + 1, ({ store: { log } }) =>
    log.read.bind(log),
  );
  expect(state).toEqual(expected);
});

test('[LOG5] a state is advanced to the head that was read first, whatever comes meanwhile', async () => {
  const { state, expected } = await advanced(2, (one) => async (request) => {
    await one.say();
    return await one.store.log.read(request);
  });
  expect(state).toEqual(expected);
});

test('[LOG2] a hole in a log is a fault, not a state', async () => {
  const { state } = await advanced(2, () => () => Promise.resolve([]));
  expect(state).toBe('a hole in g1');
});

test('[LOG5] a group is loaded with all its members, however many pages of them there are', async () => {
  const one = new OneLog();
  await one.create(many(2_500));
  const state = await loadState(one.store.log, one.store.views, 'g1');
  expect(state).toEqual(one.state);
});
