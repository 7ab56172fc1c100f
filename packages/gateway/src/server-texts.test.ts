import { describe, expect, test } from 'bun:test';
import type { StoredEvent } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { errorText, headsText, pageText } from './server-texts.ts';
import { headAt, resumeWithNothing } from './testing/fake-chat.ts';
import type { FakeTransport } from './testing/fake-transport.ts';
import { settled } from './testing/manual-clock.ts';
import { authenticateFrame, testGateway } from './testing/test-gateway.ts';

test('an error says whose fault it is, when to come again and whom it is about', () => {
  const error = new ConfabError('unknown_members', 'Nobody knows them.', { afterMs: 5, userIds: ['bob'] });
  const labels = { ref: 'r', clientMessageId: 'c'.repeat(22), conversationId: 'g1' };
  expect(JSON.parse(errorText(error, labels))).toEqual({
    type: 'error',
    code: 'unknown_members',
    message: 'Nobody knows them.',
    retry: 'never',
    afterMs: 5,
    userIds: ['bob'],
    ...labels,
  });
});

test('heads say whether more follow', () => {
  expect(JSON.parse(headsText([], true))).toEqual({ type: 'heads', items: [], next: true });
  expect(JSON.parse(headsText([], false))).toEqual({ type: 'heads', items: [] });
});

test('[G4.1] a page of a resume shows ids to their sender only', async () => {
  const event = (senderId: string, sequence: number): StoredEvent => {
    const common = {
      ...headAt('g1', sequence),
      conversationId: 'g1',
      type: 'message_event' as const,
      senderId,
    };
    return { ...common, clientMessageId: 'c'.repeat(22), json: JSON.stringify(common) };
  };
  const page = {
    conversationId: 'g1',
    events: [event('ann', 1), event('bob', 2)],
    head: null,
    reset: false,
    watermarks: [],
  };
  const shown = (userId: string): unknown[] =>
    (JSON.parse(pageText(page, userId)) as { events: { clientMessageId?: string }[] }).events.map(
      ({ clientMessageId }) => clientMessageId,
    );
  expect(shown('ann')).toEqual(['c'.repeat(22), undefined]);
  expect(shown('bob')).toEqual([undefined, 'c'.repeat(22)]);
  const { open, chat } = testGateway();
  chat.onResume = async (request, sink) => {
    await sink.page(page);
    return await resumeWithNothing(request, sink);
  };
  const peer = open();
  peer.say(authenticateFrame('bob', 'd1'));
  await settled();
  expect(peer.frames[1]).toEqual(JSON.parse(pageText(page, 'bob')));
});

describe('what others do', () => {
  const named = (peer: FakeTransport, type: string): unknown[] =>
    peer.frames.filter((frame) => frame.type === type);

  test('every receipt is told as it is, to all who hear it, also the second one of a conversation', async () => {
    const { chat, join } = testGateway();
    const peers = [await join('ann', 'd1'), await join('bob', 'd2')];
    const news = [
      { conversationId: 'g1', userId: 'cy', read: 3 },
      { conversationId: 'g1', userId: 'di', delivered: 4 },
      { conversationId: 'g1', userId: 'cy', read: 5 },
    ];
    for (const one of news) for (const session of chat.sessions) session.receiveReceipt(one);
    await settled();
    for (const peer of peers)
      expect(named(peer, 'receipt_event')).toEqual(news.map((one) => ({ type: 'receipt_event', ...one })));
  });

  test('who types is told by name', async () => {
    const { chat, join } = testGateway();
    const peer = await join('ann', 'd1');
    for (const session of chat.sessions) session.receiveTyping('g1', 'bob');
    await settled();
    expect(named(peer, 'typing_event')).toEqual([
      { type: 'typing_event', conversationId: 'g1', userId: 'bob' },
    ]);
  });
});
