import { describe, expect, test } from 'bun:test';
import type { ViewPut, WorkItem } from '@confab/contracts';
import { apply, type Command, type ConversationState, decide } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';
import { mentionKey, viewPutsOf } from './view-puts.ts';
import { workItemsOf } from './work-items.ts';

const NOW_MS = 5_000;

type Wish = Command extends infer C
  ? C extends Command
    ? Omit<C, 'conversationId' | 'actorId' | 'clientMessageId'>
    : never
  : never;

/** A conversation that goes from event to event, and what the last one left. */
class Scene {
  state: ConversationState | null = null;
  puts: readonly ViewPut[] = [];
  work: readonly WorkItem[] = [];
  readonly #conversationId: string;

  constructor(conversationId: string) {
    this.#conversationId = conversationId;
  }

  /** Appends what a wish of a user comes to. */
  by(actorId: string, wish: Wish): LogEvent {
    const common = { conversationId: this.#conversationId, actorId, clientMessageId: 'id' };
    const context = { sentAt: '2026-01-01T00:00:00.000Z', random: 'AAAAAAAA' };
    const decision = decide(this.state, { ...common, ...wish }, context);
    if (decision.kind !== 'event') throw new Error(`${wish.verb} comes to ${decision.kind}`);
    const before = this.state;
    this.state = apply(before, decision.event);
    this.puts = viewPutsOf(before, this.state, decision.event);
    this.work = workItemsOf(this.state, decision.event, NOW_MS);
    return decision.event;
  }

  say(mentions: readonly string[] = []): LogEvent {
    return this.by('ann', { verb: 'send_message', body: 'x', format: null, replyTo: null, mentions });
  }

  /** The rows of the last event: their places, each with its value. */
  get rows(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.puts.map(({ view, partition, key, value }) => [`${view} ${partition} ${key}`, value]),
    );
  }

  /** What the last event left to do: who joined or left, and by which event. */
  get recorded(): readonly unknown[] {
    return this.work.map(({ dueAtMs, task }) =>
      task.kind === 'record_membership' ? [dueAtMs, task.change, task.userIds, task.sequence] : task.kind,
    );
  }
}

/** A group of Ann and Bob with one message, at sequence 2. */
function group(): Scene {
  const scene = new Scene('g1');
  scene.by('ann', { verb: 'create_conversation', type: 'group', title: 'ours', memberIds: ['bob'] });
  scene.say();
  return scene;
}

const membership = { type: 'group', role: 'member', from: 1, fromOrdinal: 0, to: null, peerId: null };
const row = (memberCount: number, title = 'ours') => ({ type: 'group', title, memberCount });

describe('the rows and the work of an event', () => {
  test('[LOG5] of a group that is created: itself, its members, and their memberships', () => {
    const scene = new Scene('g1');
    scene.by('ann', { verb: 'create_conversation', type: 'group', title: 'ours', memberIds: ['bob'] });
    const member = { joinedSequence: 1, joinedOrdinal: 0 };
    expect(scene.rows).toEqual({
      'conversation g1 ': row(2),
      'member g1 ann': { role: 'owner', ...member },
      'member g1 bob': { role: 'member', ...member },
      'membership ann g1': { ...membership, role: 'owner' },
      'membership bob g1': membership,
    });
    expect(scene.recorded).toEqual([[NOW_MS, 'joined', ['ann', 'bob'], 1]]);
  });

  test('[LOG5] of a direct conversation: each has the other as peer, who is alone with oneself', () => {
    const scene = new Scene('d1');
    scene.by('ann', { verb: 'create_conversation', type: 'direct', title: null, memberIds: ['bob'] });
    const direct = { ...membership, type: 'direct' };
    expect(scene.rows).toMatchObject({
      'membership ann d1': { ...direct, peerId: 'bob' },
      'membership bob d1': { ...direct, peerId: 'ann' },
    });
    const alone = new Scene('d2');
    alone.by('ann', { verb: 'create_conversation', type: 'direct', title: null, memberIds: ['ann'] });
    expect(alone.rows).toMatchObject({ 'membership ann d2': { ...direct, peerId: 'ann' } });
  });

  test('[LOG5] of who joins: counted, and a member from that event on', () => {
    const scene = group();
    scene.by('ann', { verb: 'add_members', userIds: ['cyd'], role: 'admin' });
    expect(scene.rows).toEqual({
      'conversation g1 ': row(3),
      'member g1 cyd': { role: 'admin', joinedSequence: 3, joinedOrdinal: 1 },
      'membership cyd g1': { ...membership, role: 'admin', from: 3, fromOrdinal: 1 },
    });
    expect(scene.recorded).toEqual([[NOW_MS, 'joined', ['cyd'], 3]]);
  });

  test('[LOG5] of who leaves or is removed: no member any more, whose membership ends with that event', () => {
    const scene = group();
    scene.by('ann', { verb: 'add_members', userIds: ['cyd'], role: 'admin' });
    scene.say();
    scene.by('ann', { verb: 'remove_member', userId: 'cyd' });
    expect(scene.rows).toEqual({
      'conversation g1 ': row(2),
      'member g1 cyd': null,
      'membership cyd g1': { ...membership, role: 'admin', from: 3, fromOrdinal: 1, to: 5 },
    });
    expect(scene.recorded).toEqual([[NOW_MS, 'left', ['cyd'], 5]]);
    scene.by('bob', { verb: 'remove_member', userId: 'bob' });
    expect(scene.rows).toMatchObject({
      'member g1 bob': null,
      'membership bob g1': { ...membership, to: 6 },
    });
    expect(scene.recorded).toEqual([[NOW_MS, 'left', ['bob'], 6]]);
  });

  test('[LOG5] of another role: both rows say it, and nothing is left to do', () => {
    const scene = group();
    scene.by('ann', { verb: 'update_member', userId: 'bob', role: 'admin' });
    expect(scene.rows).toMatchObject({
      'member g1 bob': { role: 'admin', joinedSequence: 1, joinedOrdinal: 0 },
      'membership bob g1': { ...membership, role: 'admin' },
    });
    expect(scene.recorded).toEqual([]);
  });

  test('[LOG5] of another title: the conversation alone', () => {
    const scene = group();
    scene.by('ann', { verb: 'update_conversation', title: 'theirs' });
    expect(scene.rows).toEqual({ 'conversation g1 ': row(2, 'theirs') });
    expect(scene.recorded).toEqual([]);
  });

  test('[LOG5] of a message: those it names, but for its sender, each in their own place', () => {
    const scene = group();
    const event = scene.say(['ann', 'bob']);
    expect(scene.rows).toEqual({ 'mention g1:bob 0000000000000003': { messageId: event.eventId } });
    expect(scene.recorded).toEqual([]);
  });

  test('[LOG5] of an own log: itself and its user, once; it is nobody’s membership', () => {
    const scene = new Scene('s1');
    const record = { verb: 'record_membership', change: 'joined', targetConversationId: 'g1' } as const;
    scene.by('ann', { ...record, targetSequence: 1 });
    expect(Object.keys(scene.rows)).toEqual(['conversation s1 ', 'member s1 ann']);
    scene.by('ann', { ...record, targetSequence: 9 });
    expect([scene.rows, scene.recorded]).toEqual([{}, []]);
  });

  test('[VIEW1] every row has the version of the event that caused it', () => {
    const scene = group();
    for (const wish of [
      { verb: 'add_members', userIds: ['cyd'], role: 'member' },
      { verb: 'update_member', userId: 'cyd', role: 'admin' },
      { verb: 'update_conversation', title: 'theirs' },
      { verb: 'remove_member', userId: 'cyd' },
    ] as const) {
      const { sequence } = scene.by('ann', wish);
      expect([wish.verb, ...new Set(scene.puts.map(({ version }) => version))]).toEqual([
        wish.verb,
        sequence,
      ]);
    }
  });
});

test('[VIEW3] mentions order by key as by sequence', () => {
  const sequences = [1, 9, 10, 99, 1_000, 20_000, Number.MAX_SAFE_INTEGER];
  const keys = sequences.map(mentionKey);
  expect([...keys].sort()).toEqual(keys);
});
