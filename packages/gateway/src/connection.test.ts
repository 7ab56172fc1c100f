import { describe, expect, test } from 'bun:test';
import { rateTable } from '@confab/core';
import { announcedLimits, ConfabError, limits } from '@confab/protocol';
import { badFramesInRowMax } from './connection.ts';
import { requestsUnderWayMax } from './requests.ts';
import { resumeWithNothing } from './testing/fake-chat.ts';
import { settled } from './testing/manual-clock.ts';
import { authenticateFrame, sendFrame, testGateway } from './testing/test-gateway.ts';

describe('before ready', () => {
  test('[P3.1] hello is the first frame, unasked, and says the limits', () => {
    const { open } = testGateway();
    const { frames } = open();
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({
      type: 'hello',
      protocol: 1,
      heartbeatIntervalMs: 25_000,
      limits: announcedLimits,
    });
    expect(frames[0]?.['connectionId']).toHaveLength(22);
  });

  test('[P3.2] anything but authenticate and ping is refused with its labels', async () => {
    const { open, chat } = testGateway();
    const peer = open();
    peer.say({ type: 'ping', ref: 'p' });
    peer.say(sendFrame('g1', 1, 'r1'));
    await settled();
    expect(peer.frames.slice(1)).toEqual([
      { type: 'pong', ref: 'p' },
      expect.objectContaining({
        type: 'error',
        code: 'unauthenticated',
        retry: 'after_auth',
        ref: 'r1',
        conversationId: 'g1',
      }),
    ]);
    expect(chat.asked).toHaveLength(0);
  });

  test('[G2.2] a send refused before ready is not overtaken by one after it', async () => {
    const { open, chat } = testGateway();
    chat.onAsked = (asked) => asked.accept({});
    const peer = open();
    peer.say(sendFrame('g1', 1));
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    peer.say(sendFrame('g1', 2));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'after_previous' });
  });

  test('[G8.3] a thousand frames are bounded, then 4201', async () => {
    const { open, chat } = testGateway();
    const peer = open();
    for (let count = 0; count < 1_000; count += 1) peer.say(sendFrame('g1', count));
    await settled();
    expect(peer.closed).toMatchObject({ code: 4201 });
    expect(peer.frames.length).toBeLessThanOrEqual(1 + limits.framesBeforeReadyMax);
    expect(chat.asked).toHaveLength(0);
  });

  test('[G8.3] binary frames count as well', async () => {
    const { open } = testGateway();
    const peer = open();
    for (let count = 0; count <= limits.framesBeforeReadyMax; count += 1) peer.connection?.receiveBinary();
    await settled();
    expect(peer.closed).toMatchObject({ code: 4201 });
  });

  test('a second authenticate beside one that is being verified is refused', async () => {
    const { open } = testGateway();
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    peer.say({ ...authenticateFrame('bob', 'd2'), ref: 'second' });
    await settled();
    expect(peer.frames.find(({ type }) => type === 'error')).toMatchObject({
      code: 'invalid',
      ref: 'second',
    });
    expect(peer.types).toContain('caught_up');
  });

  test.each(['x'.repeat(limits.frameBeforeReadyBytesMax), 'é'.repeat(limits.frameBeforeReadyBytesMax * 0.6)])(
    '[G8.3] a frame above 16 KiB is refused unparsed',
    async (padding) => {
      const { open } = testGateway();
      const peer = open();
      peer.say({ type: 'ping', ref: 'x', padding });
      await settled();
      expect(peer.last).toMatchObject({ type: 'error', code: 'too_large' });
      expect(peer.last).not.toHaveProperty('ref');
    },
  );

  test('[G8.3] who says nothing is closed with 4201 after the deadline', () => {
    const { open, clock } = testGateway();
    const peer = open();
    clock.advance(limits.authenticationDeadlineMs - 1);
    expect(peer.closed).toBeNull();
    clock.advance(2_001);
    expect(peer.closed).toMatchObject({ code: 4201 });
  });

  test('[G8.1] a storm of connections is told when to come back, whatever address it comes from', () => {
    const { clock, gateway } = testGateway({ isLimited: true });
    const refusal = (from: number): Response | null => gateway.refusalOf(new Headers(), `203.0.113.${from}`);
    let admitted = 0;
    while (refusal(admitted % 250) === null) admitted += 1;
    expect(admitted).toBe(rateTable.admit.burst);
    const refused = refusal(1);
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([503, '1']);
    clock.advance(1_000);
    for (let more = 0; more < rateTable.admit.perSecond; more += 1) expect(refusal(2)).toBeNull();
    expect(refusal(2)?.status).toBe(503);
  });

  test('[G8.1] ten thousand may be unauthenticated at once; more are refused until one is not', async () => {
    const { gateway, open } = testGateway();
    const refusal = (): Response | null => gateway.refusalOf(new Headers(), '203.0.113.9');
    const peers = Array.from({ length: limits.connectionsBeforeReadyMax }, () => {
      expect(refusal()).toBeNull();
      return open();
    });
    const [first, second] = peers;
    const refused = refusal();
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused?.json()).toMatchObject({ code: 'unavailable' });
    first?.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(refusal()).toBeNull();
    const last = open();
    expect(refusal()?.status).toBe(503);
    second?.connection?.close(4201, 'test');
    second?.connection?.transportClosed(1006);
    expect(refusal()).toBeNull();
    open();
    // Who has authenticated was given back already.
    first?.connection?.close(4000, 'test');
    expect(refusal()?.status).toBe(503);
    last.connection?.transportClosed(1006);
    expect(refusal()).toBeNull();
  });

  test('a refused token is told, and another may follow', async () => {
    const { open } = testGateway();
    const peer = open();
    peer.say({ ...authenticateFrame('ann', 'd1'), deviceId: 'another', ref: 'a' });
    await settled();
    expect(peer.last).toMatchObject({
      type: 'error',
      code: 'unauthenticated',
      ref: 'a',
      retry: 'after_auth',
    });
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.types).toEqual(['hello', 'error', 'ready', 'heads', 'caught_up']);
  });

  test('a signed-out device is closed with 4300', async () => {
    const { open, chat } = testGateway();
    chat.authenticate = () => Promise.reject(new ConfabError('session_ended'));
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'session_ended' });
    expect(peer.closed).toMatchObject({ code: 4300 });
  });

  test('a fault of ours carries no detail', async () => {
    const { open, chat, seen } = testGateway();
    chat.authenticate = () => Promise.reject(new Error('the password is swordfish'));
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'internal' });
    expect(JSON.stringify(peer.frames)).not.toContain('swordfish');
    expect(seen.get('fault')).toHaveLength(1);
  });
});

describe('bad frames', () => {
  const send = (fields: object): string => JSON.stringify({ ...sendFrame('g1', 1), ...fields });
  const cases: readonly (readonly [name: string, code: string, text: string, labels: object])[] = [
    ['text that is no JSON', 'malformed', 'nonsense', {}],
    ['an array', 'malformed', '[]', {}],
    ['null', 'malformed', 'null', {}],
    ['no type', 'invalid', '{}', {}],
    ['a type that is a number', 'invalid', '{"type":7,"ref":"r"}', { ref: 'r' }],
    ['an unknown type', 'unknown_type', '{"type":"dance","ref":"r"}', { ref: 'r' }],
    ['a verb that is no frame', 'unknown_type', '{"type":"list_devices","ref":"r"}', { ref: 'r' }],
    ['a type that is a trap', 'unknown_type', '{"type":"__proto__","ref":"r"}', { ref: 'r' }],
    ['a missing field', 'invalid', '{"type":"send_message","conversationId":"g1"}', { conversationId: 'g1' }],
    ['an empty body', 'invalid', send({ body: '' }), { clientMessageId: 'm1'.padEnd(22, '_') }],
    ['a control character', 'invalid', send({ body: 'a\u0007' }), { conversationId: 'g1' }],
    ['a body too long in bytes', 'too_large', send({ body: 'é'.repeat(40_000) }), { conversationId: 'g1' }],
    ['a frame too long', 'too_large', send({ ref: 'big', more: 'x'.repeat(300_000) }), { ref: 'big' }],
  ];
  test.each(cases)(
    '[G8.2] %s is answered with %s, and the connection goes on',
    async (_name, code, text, labels) => {
      const { join } = testGateway();
      const peer = await join('ann', 'd1');
      peer.connection?.receive(text);
      peer.say({ type: 'ping', ref: 'after' });
      await settled();
      expect(peer.frames.slice(-2)).toEqual([
        expect.objectContaining({ type: 'error', code, retry: 'never', ...labels }),
        { type: 'pong', ref: 'after' },
      ]);
      expect(peer.closed).toBeNull();
    },
  );

  test('[P1.1] a binary frame is malformed', async () => {
    const { join } = testGateway();
    const peer = await join('ann', 'd1');
    peer.connection?.receiveBinary();
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'malformed' });
  });

  test('a hundred in a row end the connection with 4303; a good one between starts anew', async () => {
    const { join } = testGateway();
    const peer = await join('ann', 'd1');
    for (let count = 1; count < badFramesInRowMax; count += 1) peer.connection?.receive('{');
    peer.say({ type: 'ping' });
    for (let count = 1; count < badFramesInRowMax; count += 1) peer.connection?.receive('{');
    expect(peer.closed).toBeNull();
    peer.connection?.receive('{');
    expect(peer.closed).toMatchObject({ code: 4303 });
  });
});

describe('operations', () => {
  test('[P1.3] answers carry the ref, and a verb with nothing to say answers only to one', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    chat.onAsked = ({ verb, accept }) => accept(verb === 'typing' ? null : { sequence: 7 });
    peer.say(sendFrame('g1', 1, 's'));
    peer.say({ type: 'sync', conversationId: 'g1', after: null, ref: 'y' });
    peer.say({
      type: 'add_members',
      conversationId: 'g1',
      clientMessageId: 'c'.repeat(22),
      userIds: ['bob'],
    });
    peer.say({ type: 'typing', conversationId: 'g1' });
    peer.say({ type: 'typing', conversationId: 'g1', ref: 't' });
    await settled();
    const answers = new Set(peer.frames.slice(4).map((frame) => JSON.stringify(frame)));
    expect(answers).toEqual(
      new Set([
        '{"type":"message_accepted","ref":"s","sequence":7}',
        '{"type":"sync_page","ref":"y","sequence":7}',
        '{"type":"accepted","verb":"add_members","clientMessageId":"cccccccccccccccccccccc","sequence":7}',
        '{"type":"accepted","verb":"typing","ref":"t"}',
      ]),
    );
    expect(chat.asked[0]?.caller).toEqual({ kind: 'user', userId: 'ann', deviceId: 'd1' });
  });

  test('frames begin as they come, without waiting for one another', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let number = 1; number <= 3; number += 1) peer.say(sendFrame('g1', number));
    expect(chat.asked).toHaveLength(3);
    expect(new Set(chat.asked.map(({ context }) => context.lane)).size).toBe(1);
  });

  test('[P6.4] behind a send refused for now, later ones are refused until it is sent again', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let number = 1; number <= 3; number += 1) peer.say(sendFrame('g1', number));
    chat.asked[0]?.accept({});
    chat.asked[1]?.refuse(new ConfabError('unavailable'));
    chat.asked[2]?.accept({});
    await settled();
    expect(peer.frames.slice(-3).map((frame) => frame['code'] ?? frame.type)).toEqual([
      'message_accepted',
      'unavailable',
      'after_previous',
    ]);
    chat.onAsked = ({ accept }) => accept({});
    peer.say(sendFrame('g1', 4));
    peer.say(sendFrame('g1', 2));
    peer.say(sendFrame('g1', 3));
    await settled();
    expect(peer.frames.slice(-3).map((frame) => frame['code'] ?? frame.type)).toEqual([
      'after_previous',
      'message_accepted',
      'message_accepted',
    ]);
  });

  test('[G2.2] a lane lasts as long as anything is under way in it', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let number = 1; number <= 2; number += 1) peer.say(sendFrame('g1', number));
    chat.asked[0]?.accept({});
    await settled();
    peer.say(sendFrame('g1', 3));
    chat.asked[1]?.refuse(new ConfabError('unavailable'));
    chat.asked[2]?.accept({});
    await settled();
    expect(peer.frames.slice(-2).map((frame) => frame['code'])).toEqual(['unavailable', 'after_previous']);
  });

  test('[G8.1] more than fit under way are refused, and nothing overtakes them', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let number = 0; number <= requestsUnderWayMax; number += 1) peer.say(sendFrame('g1', number));
    await settled();
    expect(chat.asked).toHaveLength(requestsUnderWayMax);
    expect(peer.last).toMatchObject({ type: 'error', code: 'rate_limited', afterMs: 1_000 });
    for (const asked of chat.asked) asked.accept({});
    await settled();
    chat.onAsked = ({ accept }) => accept({});
    peer.say(sendFrame('g1', 9_999));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'after_previous' });
  });

  test('the frame limit says when to go on, and blocks the lane', async () => {
    const { join, chat, clock } = testGateway({ isLimited: true });
    const peer = await join('ann', 'd1');
    chat.onAsked = ({ accept }) => accept({});
    for (let number = 0; number < 10_001; number += 1) {
      peer.say(sendFrame('g1', number));
      if (number % 500 === 0) await settled();
    }
    await settled();
    const errors = peer.frames.filter(({ type }) => type === 'error');
    expect(errors).toEqual([expect.objectContaining({ code: 'rate_limited', retry: 'later', afterMs: 1 })]);
    clock.advance(1_000);
    peer.say(sendFrame('g1', 20_000));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'after_previous' });
  });

  test('the frame limit holds for pings too', async () => {
    const { join } = testGateway({ isLimited: true });
    const peer = await join('ann', 'd1');
    for (let count = 0; count <= rateTable.frame.burst; count += 1) peer.say({ type: 'ping' });
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'rate_limited' });
  });

  test('sends to any number of conversations, one after the other, are no sends too many', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    chat.onAsked = ({ accept }) => accept({});
    for (let number = 1; number <= 1_500; number += 1) {
      peer.say(sendFrame(`g${number}`, number));
      if (number % 100 === 0) await settled();
    }
    expect(peer.closed).toBeNull();
    expect(peer.frames.filter(({ type }) => type === 'message_accepted')).toHaveLength(1_500);
  });

  test('[G8.1] refused sends in too many conversations, never sent again, end the connection', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    chat.onAsked = ({ refuse }) => refuse(new ConfabError('unavailable'));
    for (let number = 1; number <= 1_500; number += 1) {
      peer.say(sendFrame(`g${number}`, number));
      if (number % 100 === 0) await settled();
    }
    expect(peer.closed).toMatchObject({ code: 4101 });
  });

  test('at most four pages are read at once for one connection', async () => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let count = 0; count < 6; count += 1) peer.say({ type: 'sync', conversationId: 'g1', after: null });
    await settled();
    expect(chat.asked).toHaveLength(4);
    chat.asked[0]?.accept({});
    await settled();
    expect(chat.asked).toHaveLength(5);
  });
});

describe('the life of an authenticated connection', () => {
  test('[G4.5] live events are noted while it resumes, and passed on after', async () => {
    const { open, chat } = testGateway();
    const peer = open();
    chat.onResume = async (request, sink) => {
      chat.deliver('g1', 5);
      chat.deliver('g1', 6);
      expect([...sink.behind]).toEqual([['g1', 6]]);
      return await resumeWithNothing(request, sink);
    };
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    chat.deliver('g1', 7);
    await settled();
    expect(peer.types).toEqual(['hello', 'ready', 'heads', 'caught_up', 'message_event']);
    expect(peer.last).toMatchObject({ sequence: 7 });
  });

  test('[G4.5] what comes between ready and caught_up waits for the resume to read it', async () => {
    const { open, chat } = testGateway();
    const peer = open();
    const noted: unknown[] = [];
    chat.onResume = async (request, sink) => {
      const news = { conversationId: 'g1', userId: 'bob', read: 1 };
      for (const session of chat.sessions) session.receiveReceipt(news);
      await sink.ready({ ownLog: { conversationId: `s${request.userId}`, head: null }, landed: [] });
      chat.deliver('g1', 5);
      noted.push(...sink.behind);
      peer.say({ type: 'typing', conversationId: 'g1' });
      await sink.heads([], false);
      sink.behind.clear();
      sink.caughtUp();
      return { conversations: 0, replayed: 0 };
    };
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(noted).toEqual([['g1', 5]]);
    expect(chat.asked.map(({ verb }) => verb)).toEqual(['typing']);
    expect(peer.types).toEqual(['hello', 'ready', 'heads', 'caught_up']);
  });

  test('a connection that ends while it is being attached is detached', async () => {
    const { open, chat } = testGateway();
    const attached = Promise.withResolvers<void>();
    const attach = chat.attach.bind(chat);
    chat.attach = async (session) => {
      await attach(session);
      await attached.promise;
    };
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(chat.sessions.size).toBe(1);
    peer.connection?.transportClosed(1006);
    attached.resolve();
    await settled();
    expect(chat.sessions.size).toBe(0);
  });

  test('the sender is shown their clientMessageId, others are not', async () => {
    const { join, chat } = testGateway();
    const [sender, other] = [await join('sender', 'd1'), await join('ann', 'd2')];
    chat.deliver('g1', 1);
    await settled();
    expect(sender.last).toMatchObject({ clientMessageId: 'c'.repeat(22) });
    expect(other.last).not.toHaveProperty('clientMessageId');
  });

  test('[G4.6] the same instance replaces its earlier self at once, though that one never answers', async () => {
    const { join, chat, gateway } = testGateway();
    const halfOpen = await join('ann', 'd1');
    halfOpen.isConfirming = false;
    const next = await join('ann', 'd1');
    expect(halfOpen.closed).toMatchObject({ code: 4301, reason: 'replaced' });
    expect(next.types).toContain('caught_up');
    expect(chat.sessions.size).toBe(1);
    expect(gateway.stats()).toMatchObject({ live: 1, closing: 1 });
    chat.deliver('g1', 1);
    await settled();
    expect(halfOpen.types).not.toContain('message_event');
    expect(next.types).toContain('message_event');
  });

  test('[P3.4] eight tabs of a device live side by side; the ninth ends the oldest', async () => {
    const { join } = testGateway();
    const tabs = [];
    for (let tab = 1; tab <= 9; tab += 1) tabs.push(await join('ann', 'd1', `tab${tab}`));
    expect(tabs.map(({ closed }) => closed?.code ?? null)).toEqual([4301, ...Array<null>(8).fill(null)]);
    const [other] = [await join('ann', 'd2', 'tab1')];
    expect(other?.closed).toBeNull();
  });

  test('[G8.4] a revoked device is closed with 4300: at once when told, within 30 s when not', async () => {
    const { join, chat, revoked, clock } = testGateway();
    const [told, untold, other] = [await join('ann', 'd1'), await join('ann', 'd2'), await join('bob', 'd3')];
    for (const session of chat.sessions) if (session.deviceId === 'd1') session.deviceRevoked();
    expect(told.closed).toMatchObject({ code: 4300 });
    revoked.push({ userId: 'ann', deviceId: 'd2' });
    for (let second = 0; second < 30; second += 1) {
      untold.connection?.heard();
      clock.advance(1_000);
    }
    await settled();
    expect(untold.closed).toMatchObject({ code: 4300 });
    expect(other.closed).toBeNull();
  });

  test('[G8.4] a sign-out between the token and the session is noticed at once', async () => {
    const { open, chat, revoked } = testGateway();
    const attach = chat.attach.bind(chat);
    chat.attach = (session) => {
      revoked.push({ userId: 'ann', deviceId: 'd1' });
      return attach(session);
    };
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.types).toEqual(['hello']);
    expect(peer.closed).toMatchObject({ code: 4300, reason: 'signed_out' });
    expect(chat.sessions.size).toBe(0);
  });

  test.each([
    ['unauthenticated', 4200],
    ['session_ended', 4300],
    ['token_expired', null],
    ['unavailable', null],
  ] as const)('[P3.3] a renewal refused with %s is told, and the close is %p', async (code, closed) => {
    const { join, chat } = testGateway();
    const peer = await join('ann', 'd1');
    chat.authenticate = () => Promise.reject(new ConfabError(code));
    peer.say({ ...authenticateFrame('ann', 'd1'), ref: 'r' });
    await settled();
    expect(peer.frames.slice(-1)).toEqual([expect.objectContaining({ type: 'error', code, ref: 'r' })]);
    expect(peer.frames.filter(({ type }) => type === 'error')).toHaveLength(1);
    expect(peer.closed?.code ?? null).toBe(closed);
  });

  test('[P3.3] a token is renewed on a live connection; when it runs out the end is 4200', async () => {
    const { open, clock } = testGateway();
    const peer = open();
    const frame = { ...authenticateFrame('ann', 'd1'), token: `ann.d1.${clock.nowMs() + 5_000}` };
    peer.say(frame);
    await settled();
    peer.say({ ...frame, token: `ann.d1.${clock.nowMs() + 9_000}`, ref: 'again' });
    await settled();
    expect(peer.last).toEqual({ type: 'accepted', verb: 'authenticate', ref: 'again' });
    clock.advance(8_000);
    expect(peer.closed).toBeNull();
    clock.advance(1_000);
    expect(peer.last).toMatchObject({ type: 'error', code: 'token_expired', retry: 'after_auth' });
    expect(peer.closed).toMatchObject({ code: 4200 });
  });

  test('[P3.3] a token of somebody else ends a live connection with 4200', async () => {
    const { join } = testGateway();
    const peer = await join('ann', 'd1');
    peer.say(authenticateFrame('bob', 'd1'));
    await settled();
    expect(peer.closed).toMatchObject({ code: 4200 });
    const other = await join('ann', 'd1');
    other.say(authenticateFrame('ann', 'd2'));
    await settled();
    expect(other.closed).toMatchObject({ code: 4200 });
  });

  test('[P3.5] an answer to the ping is a sign of life', async () => {
    const { join, clock } = testGateway();
    const peer = await join('ann', 'd1');
    for (let count = 0; count < 3; count += 1) {
      clock.advance(25_000);
      peer.connection?.heard();
    }
    expect([peer.beats, peer.closed]).toEqual([3, null]);
  });

  test('[P3.5] a quiet peer is pinged after 25 s and closed with 4001 after 8 more; any frame counts', async () => {
    const { join, clock } = testGateway();
    const [quiet, answering] = [await join('ann', 'd1'), await join('bob', 'd2')];
    clock.advance(25_000);
    expect([quiet.beats, answering.beats]).toEqual([1, 1]);
    answering.say({ type: 'ping' });
    clock.advance(8_000);
    expect(quiet.closed).toBeNull();
    clock.advance(1_000);
    expect(quiet.closed).toMatchObject({ code: 4001 });
    clock.advance(10_000);
    expect(answering.closed).toBeNull();
  });

  test('what is written to a dead peer does not keep it alive', async () => {
    const { join, clock, chat } = testGateway();
    const peer = await join('ann', 'd1');
    for (let second = 1; second <= 34; second += 1) {
      chat.deliver('g1', second);
      await settled();
      clock.advance(1_000);
    }
    expect(peer.closed).toMatchObject({ code: 4001 });
  });

  test('a resume that fails is told, and the client comes back', async () => {
    const { open, chat } = testGateway();
    chat.onResume = () => Promise.reject(new ConfabError('unavailable'));
    const peer = open();
    peer.say(authenticateFrame('ann', 'd1'));
    await settled();
    expect(peer.last).toMatchObject({ type: 'error', code: 'unavailable', retry: 'later' });
    expect(peer.closed).toMatchObject({ code: 4100 });
    expect(chat.sessions.size).toBe(0);
  });
});
