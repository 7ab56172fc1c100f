import { describe, expect, test } from 'bun:test';
import { rateTable, type ResumeRequest } from '@confab/core';
import { ConfabError } from '@confab/protocol';
import { resumeWithNothing } from './testing/fake-chat.ts';
import { settled } from './testing/manual-clock.ts';
import { authenticateFrame, sendFrame, testGateway } from './testing/test-gateway.ts';

describe('authenticate', () => {
  test('[G4.1] hands over what the device has and what it has not heard of', async () => {
    const { open, chat } = testGateway();
    const asked: ResumeRequest[] = [];
    chat.onResume = (request, sink) => {
      asked.push(request);
      return resumeWithNothing(request, sink);
    };
    const pending = [['g1', 'c'.repeat(22)]] as const;
    const resume = { cursors: ['g1.7.abcdefgh'], pending };
    open().say({ ...authenticateFrame('ann', 'd1'), resume });
    await settled();
    expect(asked).toEqual([{ userId: 'ann', deviceId: 'd1', ...resume }]);
  });

  test('says once it is live whether somebody looks at the device', async () => {
    const { open, chat } = testGateway();
    chat.onAsked = ({ accept }) => accept(null);
    const peer = open();
    peer.say({ ...authenticateFrame('ann', 'd1'), active: false });
    await settled();
    expect(peer.types).toEqual(['hello', 'ready', 'heads', 'caught_up']);
    expect(chat.asked).toMatchObject([
      { verb: 'state', request: { active: false }, caller: { userId: 'ann', deviceId: 'd1' } },
    ]);
  });

  test('[P6.4] of sends refused before it the first is to be sent again, the others after that', async () => {
    const { open, chat } = testGateway();
    const peer = open();
    for (let number = 1; number <= 3; number += 1) peer.say(sendFrame('g1', number));
    peer.say(sendFrame('g2', 4));
    await settled();
    expect(peer.frames.slice(1).map((frame) => frame['code'])).toEqual([
      'unauthenticated',
      'after_previous',
      'after_previous',
      'unauthenticated',
    ]);
    expect(chat.asked).toHaveLength(0);
  });

  test('[G8.3] of a connection that ends while its token is verified makes no session', async () => {
    const { open, chat, gateway, seen } = testGateway();
    let attached = 0;
    chat.attach = async () => void (attached += 1);
    const verified = Promise.withResolvers<void>();
    const authenticate = chat.authenticate.bind(chat);
    chat.authenticate = async (token, deviceId) => {
      await verified.promise;
      return await authenticate(token, deviceId);
    };
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    peer.connection?.transportClosed(1006);
    verified.resolve();
    await settled();
    expect(attached).toBe(0);
    expect(seen.get('connectionClosed')).toHaveLength(1);
    expect(gateway.stats()).toMatchObject({ resuming: 0, live: 0, closing: 0, behindConversations: 0 });
  });

  test('that cannot be answered now ends the connection with 4100, after the error', async () => {
    const { open, chat } = testGateway();
    chat.authenticate = () => Promise.reject(new ConfabError('unavailable', undefined, { afterMs: 700 }));
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'unavailable', retry: 'later', afterMs: 700 });
    expect(peer.closed).toMatchObject({ code: 4100, reason: 'unavailable' });
  });

  test('[G8.1] on a live connection is counted like any other frame, by connection', async () => {
    const { join, chat } = testGateway({ isLimited: true });
    const [busy, other] = [await join('ann', 'd1', 'a'), await join('ann', 'd1', 'b')];
    const authenticate = chat.authenticate.bind(chat);
    let verified = 0;
    chat.authenticate = (token, deviceId) => {
      verified += 1;
      return authenticate(token, deviceId);
    };
    for (let count = 1; count <= rateTable.frame.burst + 1; count += 1) {
      busy.say(authenticateFrame('ann', 'd1'));
      if (count % 500 === 0) await settled();
    }
    await settled();
    expect(verified).toBe(rateTable.frame.burst);
    expect(busy.frames.filter(({ type }) => type === 'error')).toMatchObject([{ code: 'rate_limited' }]);
    expect(busy.closed).toBeNull();
    other.say({ type: 'ping', ref: 'mine' });
    await settled();
    expect(other.last).toEqual({ type: 'pong', ref: 'mine' });
  });

  test('[G8.1] gives a connection a frame limit of its own', async () => {
    const { join, chat } = testGateway({ isLimited: true });
    const [busy, other] = [await join('ann', 'd1', 'a'), await join('ann', 'd1', 'b')];
    chat.onAsked = ({ accept }) => accept(null);
    const typing = { type: 'typing', conversationId: 'g1', ref: 't' };
    for (let count = 1; count <= rateTable.frame.burst + 1; count += 1) {
      busy.say(typing);
      if (count % 500 === 0) await settled();
    }
    other.say(typing);
    await settled();
    expect(busy.frames.filter(({ type }) => type === 'error')).toMatchObject([{ code: 'rate_limited' }]);
    expect(other.last).toMatchObject({ type: 'accepted', ref: 't' });
  });
});
