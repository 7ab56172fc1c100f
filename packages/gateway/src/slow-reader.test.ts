import { describe, expect, test } from 'bun:test';
import { ConfabError, limits } from '@confab/protocol';
import { slowReaderMsMax } from './sweep.ts';
import type { FakeTransport } from './testing/fake-transport.ts';
import { headAt } from './testing/fake-chat.ts';
import { settled } from './testing/manual-clock.ts';
import { authenticateFrame, testGateway } from './testing/test-gateway.ts';

/** Lets seconds pass in which the peer shows that it is there. */
function alive(peer: FakeTransport, clock: { advance(byMs: number): void }, seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    peer.connection?.heard();
    clock.advance(1_000);
  }
}

async function overwhelm(
  made: ReturnType<typeof testGateway>,
  conversations: readonly string[],
): Promise<void> {
  for (let sequence = 1; sequence <= 150; sequence += 1) {
    for (const conversationId of conversations)
      made.chat.deliver(conversationId, sequence, 'x'.repeat(10_000));
    await settled();
  }
}

describe('a slow reader', () => {
  test('[G7.1] never misses a message in silence: every conversation it lost events of is told as a head', async () => {
    const made = testGateway();
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1', 'g2', 'g3']);
    peer.readAll();
    await settled();
    const heads = peer.frames.filter(({ type }) => type === 'head_event');
    expect(new Set(heads.map((frame) => frame['conversationId']))).toEqual(new Set(['g1', 'g2', 'g3']));
    expect(heads.every(({ head }) => (head as { sequence: number }).sequence === 150)).toBe(true);
    expect(made.gateway.stats()).toMatchObject({ outboundBytes: 0, behindConversations: 0 });
  });

  test('[G9.2] what a reader missed is told at once where it has room', async () => {
    const { chat, join } = testGateway();
    const peer = await join('ann', 'd1');
    chat.heads.set('g1', headAt('g1', 7));
    for (const session of chat.sessions) session.fellBehind('g1', 7);
    await settled();
    expect(peer.last).toMatchObject({ type: 'head_event', conversationId: 'g1', head: { sequence: 7 } });
  });

  test('[G8.1] that falls behind again and again is looked up once, and told once', async () => {
    const { chat, join } = testGateway();
    const peer = await join('ann', 'd1');
    let questions = 0;
    chat.onHeads = () => {
      questions += 1;
      return Promise.resolve();
    };
    chat.heads.set('g1', headAt('g1', 9));
    for (const session of chat.sessions)
      for (let sequence = 1; sequence <= 9; sequence += 1) session.fellBehind('g1', sequence);
    await settled();
    expect(questions).toBe(1);
    expect(peer.types.filter((type) => type === 'head_event')).toHaveLength(1);
  });

  test('[G8.1] is told no more heads than it has room for, and the others later', async () => {
    const { chat, join, clock, gateway } = testGateway();
    const peer = await join('ann', 'd1');
    for (let count = 1; count <= 300; count += 1) chat.heads.set(`g${count}`, headAt(`g${count}`, 1));
    let questions = 0;
    chat.onHeads = async () => {
      questions += 1;
      if (questions > 1) return;
      peer.isTaking = false;
      for (let sequence = 1; sequence <= 50; sequence += 1)
        chat.deliver('g999', sequence, 'x'.repeat(10_000));
    };
    for (const session of chat.sessions)
      for (let count = 1; count <= 300; count += 1) session.fellBehind(`g${count}`, 1);
    await settled();
    expect(questions).toBe(1);
    peer.readAll();
    alive(peer, clock, 1);
    await settled();
    expect(peer.types.filter((type) => type === 'head_event')).toHaveLength(300);
    expect(gateway.stats().behindConversations).toBe(0);
  });

  test('[G4.5] what a resume did not read any more is told as a head', async () => {
    const { chat, clock, open } = testGateway();
    chat.onResume = async (request, sink) => {
      await sink.ready({ ownLog: { conversationId: `s${request.userId}`, head: null }, landed: [] });
      chat.deliver('g1', 5);
      sink.caughtUp();
      return { conversations: 0, replayed: 0 };
    };
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    alive(peer, clock, 1);
    await settled();
    expect(peer.last).toMatchObject({ type: 'head_event', conversationId: 'g1', head: { sequence: 5 } });
  });

  test('what is committed while heads are asked for is told too', async () => {
    const made = testGateway();
    const { chat, clock } = made;
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1']);
    let isFirst = true;
    const stale = headAt('g1', 150);
    chat.onHeads = async () => {
      if (!isFirst) return;
      isFirst = false;
      chat.deliver('g1', 151);
      chat.heads.set('g1', stale);
    };
    peer.readAll();
    await settled();
    expect(peer.types).not.toContain('head_event');
    chat.heads.set('g1', headAt('g1', 151));
    alive(peer, clock, 1);
    await settled();
    expect(peer.last).toMatchObject({ type: 'head_event', head: { sequence: 151 } });
  });

  test('heads that cannot be read now are asked for again', async () => {
    const made = testGateway();
    const { chat, clock } = made;
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1']);
    chat.onHeads = () => Promise.reject(new ConfabError('unavailable'));
    peer.readAll();
    await settled();
    expect(peer.types).not.toContain('head_event');
    chat.onHeads = () => Promise.resolve();
    alive(peer, clock, 1);
    await settled();
    expect(peer.last).toMatchObject({ type: 'head_event' });
  });

  test('a conversation it may no longer read is dropped', async () => {
    const made = testGateway();
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1']);
    made.chat.heads.delete('g1');
    peer.readAll();
    await settled();
    expect(peer.types).not.toContain('head_event');
    expect(made.gateway.stats().behindConversations).toBe(0);
  });

  test('that stays behind for 30 s is closed with 4002', async () => {
    const made = testGateway();
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1']);
    alive(peer, made.clock, slowReaderMsMax / 1_000);
    expect(peer.closed).toBeNull();
    alive(peer, made.clock, 1);
    expect(peer.closed).toMatchObject({ code: 4002, reason: 'slow_reader' });
    expect(made.gateway.stats().outboundBytes).toBe(0);
  });

  test('[G8.1] gains no time by what more it falls behind with', async () => {
    const made = testGateway();
    const peer = await made.join('ann', 'd1');
    peer.isTaking = false;
    await overwhelm(made, ['g1']);
    for (let second = 0; second <= slowReaderMsMax / 1_000; second += 1) {
      expect(peer.closed).toBeNull();
      made.chat.deliver(`h${second}`, 1, 'x'.repeat(30_000));
      await settled();
      alive(peer, made.clock, 1);
    }
    expect(peer.closed).toMatchObject({ code: 4002 });
  });

  test("a resume goes at the reader's pace, and ends with it", async () => {
    const made = testGateway();
    const { chat, clock } = made;
    let pages = 0;
    let ended: unknown = null;
    chat.onResume = async (request, sink) => {
      await sink.ready({ ownLog: { conversationId: 's1', head: null }, landed: [] });
      try {
        for (; pages < 1_000; pages += 1) {
          const json = JSON.stringify({
            type: 'message_event',
            userId: request.userId,
            body: 'x'.repeat(60_000),
          });
          await sink.events([
            {
              ...headAt('g1', pages + 1),
              conversationId: 'g1',
              type: 'message_event',
              senderId: 'bob',
              clientMessageId: '',
              json,
            },
          ]);
        }
      } catch (error) {
        ended = error;
        throw error;
      }
      sink.caughtUp();
      return { conversations: 0, replayed: pages };
    };
    const peer = made.open();
    peer.isTaking = false;
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(pages).toBeLessThan(10);
    expect(made.gateway.stats().outboundBytes).toBeLessThan(limits.outboundBytesMax);
    const before = pages;
    peer.bufferedBytes = 0;
    peer.isTaking = true;
    peer.connection?.drained();
    peer.isTaking = false;
    await settled();
    expect(pages).toBeGreaterThan(before);
    alive(peer, clock, 32);
    await settled();
    expect(peer.closed).toMatchObject({ code: 4002 });
    expect(ended).toBeInstanceOf(ConfabError);
    expect(chat.sessions.size).toBe(0);
    expect(made.seen.get('fault')).toBeUndefined();
  });
});
