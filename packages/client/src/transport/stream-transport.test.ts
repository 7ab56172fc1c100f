import { describe, expect, test } from 'bun:test';
import { type ClientFrame, closeCodes, limits, type ServerFrame } from '@confab/protocol';
import { DrivenTimers, settle } from '../testing/driven-timers.ts';
import { helloFrame, readyFrame } from '../testing/scripted-transport.ts';
import type { FetchLike } from '../client-types.ts';
import { streamTransport } from './stream-transport.ts';
import type { LinkClose } from './transport.ts';

const authenticate: ClientFrame = {
  type: 'authenticate',
  token: 't1',
  deviceId: 'd',
  instanceId: 'i',
  client: 'test/1',
};
const message = (conversationId: string, ref: string): ClientFrame => ({
  type: 'send_message',
  ref,
  conversationId,
  clientMessageId: `message-${ref}-0123456789abcdef`,
  body: ref,
});
const ping = (ref: string): ClientFrame => ({ type: 'ping', ref });

function opened() {
  const posts: { path: string; headers: Headers; body: unknown }[] = [];
  const frames: string[] = [];
  const closes: LinkClose[] = [];
  const answers: (() => Response | Promise<Response>)[] = [];
  const down: { controller?: ReadableStreamDefaultController<Uint8Array> } = {};
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => void (down.controller = controller),
  });
  const timers = new DrivenTimers();
  let streamAnswer = (): Response => new Response(stream);
  const fetch: FetchLike = async (url, { headers, body }) => {
    await Promise.resolve();
    const path = new URL(url).pathname;
    const text = typeof body === 'string' ? body : '';
    posts.push({ path, headers: new Headers(headers), body: JSON.parse(text) as unknown });
    if (path === '/v1/stream') return streamAnswer();
    return await (answers.shift() ?? (() => Response.json({ frames: [] })))();
  };
  const link = streamTransport({ url: 'http://chat.test', fetch, timers }).open({
    opened: () => frames.push('opened'),
    heard: () => undefined,
    frame: ({ type }) => frames.push(type),
    answer: ({ type }) => frames.push(`answered ${type}`),
    closed: (close) => closes.push(close),
  });
  const say = (text: string): void => down.controller?.enqueue(new TextEncoder().encode(text));
  return {
    posts,
    frames,
    closes,
    answers,
    link,
    timers,
    say,
    endStream: () => down.controller?.close(),
    sayFrame: (frame: ServerFrame) => say(`data: ${JSON.stringify(frame)}\n\n`),
    answerStream: (answer: () => Response) => (streamAnswer = answer),
  };
}

describe('the stream transport', () => {
  test('opens with the authenticate frame as body, its token nowhere else', async () => {
    const { posts, frames, link, sayFrame } = opened();
    await settle();
    expect(frames).toEqual(['opened']);
    link.send(authenticate);
    await settle();
    expect(posts[0]).toMatchObject({ path: '/v1/stream', body: authenticate });
    expect(posts[0]?.headers.get('authorization')).toBe(null);
    sayFrame(helloFrame);
    sayFrame(readyFrame);
    await settle();
    expect(frames).toEqual(['opened', 'hello', 'ready']);
  });

  test('frames go up one POST at a time, in order, and their answers come back as frames', async () => {
    const { posts, frames, link, sayFrame, answers } = opened();
    link.send(authenticate);
    link.send(ping('1'));
    await settle();
    expect(posts.length).toBe(1);
    answers.push(() => Response.json({ frames: [{ type: 'pong', ref: '1' }] }));
    sayFrame(helloFrame);
    await settle();
    link.send(ping('2'));
    link.send(ping('3'));
    link.send(ping('4'));
    await settle();
    expect(posts.slice(1).map(({ body }) => body)).toEqual([
      [ping('1')],
      [ping('2')],
      [ping('3'), ping('4')],
    ]);
    expect(posts[1]?.headers.get('authorization')).toBe('Bearer t1');
    expect(posts[1]?.headers.get('confab-connection')).toBe('c1');
    expect(posts[1]?.headers.get('confab-device')).toBe('d');
    expect(frames).toEqual(['opened', 'hello', 'answered pong']);
  });

  test('[G2.2] behind a send that is refused for now nothing goes out to its conversation, wherever the next POST ends', async () => {
    const { posts, link, sayFrame, answers } = opened();
    link.send(authenticate);
    sayFrame(helloFrame);
    await settle();
    const { promise, resolve: answer } = Promise.withResolvers<Response>();
    answers.push(() => promise);
    link.send(message('g1', '1'));
    await settle();
    link.send(message('g1', '2'));
    link.send(message('g2', '3'));
    answer(Response.json({ frames: [{ type: 'error', code: 'unavailable', message: '', retry: 'later' }] }));
    await settle();
    expect(posts.at(-1)?.body).toEqual([message('g2', '3')]);
  });

  test('[G8.1] a POST carries no more than the server takes, and all goes up in order', async () => {
    const { posts, link, sayFrame } = opened();
    link.send(authenticate);
    const body = 'é'.repeat(16_000);
    const frames = [
      ...Array.from({ length: limits.framesPerPostMax + 1 }, (_, n) => ping(`${n}`)),
      ...Array.from({ length: 40 }, (_, n) => ({ ...message('g1', `m${n}`), body }) as ClientFrame),
    ];
    for (const frame of frames) link.send(frame);
    sayFrame(helloFrame);
    await settle();
    const sent = posts.slice(1).map((post) => post.body as ClientFrame[]);
    expect(sent.flat()).toEqual(frames);
    expect(Math.max(...sent.map(({ length }) => length))).toBe(limits.framesPerPostMax);
    const sizes = sent.map((post) => new TextEncoder().encode(JSON.stringify(post)).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.frameBytesMax);
  });

  test('a stream that ends without a word is a link that went away', async () => {
    const { closes, link, sayFrame, endStream } = opened();
    link.send(authenticate);
    sayFrame(helloFrame);
    await settle();
    endStream();
    await settle();
    expect(closes.map(({ code }) => code)).toEqual([closeCodes.goingAway]);
  });

  test('a POST that nobody answers ends the link, though events arrive on it', async () => {
    const { closes, link, sayFrame, answers, timers } = opened();
    link.send(authenticate);
    sayFrame(helloFrame);
    await settle();
    answers.push(() => new Promise(() => undefined));
    link.send(ping('1'));
    await timers.advance(19_999);
    expect(closes).toEqual([]);
    await timers.advance(1);
    expect(closes.map(({ code }) => code)).toEqual([1006]);
  });

  test('a renewed token is used from then on', async () => {
    const { posts, link, sayFrame } = opened();
    link.send(authenticate);
    sayFrame(helloFrame);
    await settle();
    link.send({ ...authenticate, token: 't2' });
    await settle();
    expect(posts.at(-1)?.headers.get('authorization')).toBe('Bearer t2');
  });

  test('the last event says why it ends, as a close frame would', async () => {
    const { closes, link, say } = opened();
    link.send(authenticate);
    await settle();
    say(`event: close\ndata: {"code":${closeCodes.signedOut},"reason":"signed_out"}\n\n`);
    await settle();
    expect(closes).toEqual([{ code: closeCodes.signedOut, reason: 'signed_out', afterMs: null }]);
    link.send(ping('late'));
    await settle();
    expect(closes.length).toBe(1);
  });

  test.each([
    [401, { code: 'token_expired', retry: 'after_auth' }, closeCodes.tokenExpired, null],
    [429, { code: 'rate_limited', retry: 'later', afterMs: 700 }, closeCodes.overloaded, 700],
    [503, { code: 'draining', retry: 'after_resume', afterMs: 900 }, closeCodes.goingAway, 900],
    [401, { code: 'session_ended', retry: 'never' }, closeCodes.signedOut, null],
    [404, null, 1006, null],
  ])('a refusal with %d %p closes with %d', async (status, problem, code, afterMs) => {
    const { closes, link, answerStream } = opened();
    answerStream(() =>
      problem === null ? new Response('<html>', { status }) : Response.json(problem, { status }),
    );
    link.send(authenticate);
    await settle();
    expect(closes).toMatchObject([{ code, afterMs }]);
  });

  test('a POST whose fate is unknown ends the link, so that resume finds out', async () => {
    const { closes, link, sayFrame, answers } = opened();
    link.send(authenticate);
    sayFrame(helloFrame);
    answers.push(() => {
      throw new TypeError('cut');
    });
    link.send(ping('1'));
    await settle();
    expect(closes.map(({ code }) => code)).toEqual([1006]);
  });
});
