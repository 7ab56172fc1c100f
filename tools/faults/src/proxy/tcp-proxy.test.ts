import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Bell } from '../deadline.ts';
import { ANSWERS_LOST, BLACK_HOLE, CLEAR } from './flow.ts';
import { TcpProxy, type ProxyOptions } from './tcp-proxy.ts';

/** One end of a connection: what it heard, and how the other end went. */
class End {
  readonly bell = new Bell();
  readonly socket: Socket;
  heard = '';
  isEnded = false;
  fault: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString('latin1');
      this.bell.ring();
    });
    socket.on('end', () => {
      this.isEnded = true;
      this.bell.ring();
    });
    socket.on('error', (error: Error & { readonly code?: string }) => {
      this.fault = error.code;
      this.bell.ring();
    });
    socket.on('close', () => this.bell.ring());
  }

  async hearing(length: number): Promise<string> {
    await this.bell.until(
      () => this.heard.length >= length,
      () => `${length} bytes, has ${this.heard.length}`,
    );
    return this.heard;
  }

  async gone(): Promise<string> {
    await this.bell.until(() => this.isEnded || this.fault !== undefined, 'the end of the other side');
    return this.fault ?? 'ended';
  }
}

let server: Server;
let serverEnds: End[] = [];
const serverBell = new Bell();
const clientEnds: End[] = [];

beforeEach(async () => {
  serverEnds = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    serverEnds.push(new End(socket));
    serverBell.ring();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
});

afterEach(() => {
  for (const { socket } of [...serverEnds, ...clientEnds.splice(0)]) socket.destroy();
  server.close();
});

function portOf(listening: Server): number {
  const address = listening.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return address.port;
}

async function startProxy(options: Omit<ProxyOptions, 'targetPort'> = {}): Promise<TcpProxy> {
  return TcpProxy.start({ targetPort: portOf(server), ...options });
}

/** A client through the proxy and what it is at the server, once a word of it has come through. */
async function linkThrough({ port }: TcpProxy): Promise<{ client: End; there: End }> {
  const client = new End(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
  clientEnds.push(client);
  const before = serverEnds.length;
  client.socket.write('?');
  await serverBell.until(() => serverEnds.length > before, 'the link at the server');
  const there = serverEnds[before];
  if (there === undefined) throw new Error('no link');
  await there.hearing(1);
  return { client, there };
}

describe('a link that is let be', () => {
  test('carries bytes both ways, more than buffers hold, and the end of either side', async () => {
    await using proxy = await startProxy();
    const { client, there } = await linkThrough(proxy);
    const large = 'x'.repeat(6_000_000);
    client.socket.write(large);
    there.socket.write(large);
    expect((await there.hearing(large.length + 1)).length).toBe(large.length + 1);
    expect(await client.hearing(large.length)).toBe(large);
    client.socket.end();
    expect(await there.gone()).toBe('ended');
    there.socket.end('after the end of the other');
    await client.gone();
    expect(client.heard.endsWith('after the end of the other')).toBe(true);
  });

  test('carries the crash of either side', async () => {
    await using proxy = await startProxy();
    const first = await linkThrough(proxy);
    first.client.socket.resetAndDestroy();
    expect(await first.there.gone()).toBe('ECONNRESET');
    const second = await linkThrough(proxy);
    second.there.socket.resetAndDestroy();
    expect(await second.client.gone()).toBe('ECONNRESET');
  });

  test('is reset where no server listens', async () => {
    await using proxy = await TcpProxy.start({ targetPort: 1 });
    const client = new End(connect(proxy.port, '127.0.0.1'));
    clientEnds.push(client);
    expect(await client.gone()).toBe('ECONNRESET');
  });
});

describe('what is done to links', () => {
  test('bytes come later by the delay, in order, and through a throttle at its rate', async () => {
    await using proxy = await startProxy();
    const { client, there } = await linkThrough(proxy);
    proxy.set({ toServer: { delayMs: 80 }, toClient: { bytesPerSecond: 20_000 } });
    const fromMs = performance.now();
    for (const word of ['one ', 'two ', 'three']) client.socket.write(word);
    expect(await there.hearing(14)).toBe('?one two three');
    expect(performance.now() - fromMs).toBeGreaterThanOrEqual(79);
    there.socket.write('y'.repeat(4_000));
    const throttledFromMs = performance.now();
    await client.hearing(4_000);
    expect(performance.now() - throttledFromMs).toBeGreaterThanOrEqual(140);
  });

  test('what is held comes once the link is open again, the end of the other side too', async () => {
    await using proxy = await startProxy();
    const { client, there } = await linkThrough(proxy);
    proxy.set({ toServer: { passage: 'held' } });
    client.socket.write('held');
    client.socket.end();
    there.socket.write('the other direction is open');
    await client.hearing(27);
    expect([there.heard, there.isEnded]).toEqual(['?', false]);
    proxy.set(CLEAR);
    await there.gone();
    expect(there.heard).toBe('?held');
  });

  test('in a black hole both sides stay and hear nothing, not even that the other went', async () => {
    await using proxy = await startProxy();
    const { client, there } = await linkThrough(proxy);
    const other = await linkThrough(proxy);
    const [link] = proxy.links;
    link?.set(BLACK_HOLE);
    client.socket.write('into the dark');
    there.socket.write('into the dark');
    client.socket.destroy();
    other.client.socket.write('seen');
    await other.there.hearing(5);
    expect([there.heard, there.isEnded, there.fault, client.heard]).toEqual(['?', false, undefined, '']);
    proxy.cut('reset');
    expect(await there.gone()).toBe('ECONNRESET');
  });

  test('with its answers lost, what is asked arrives', async () => {
    await using proxy = await startProxy();
    proxy.set(ANSWERS_LOST);
    const { client, there } = await linkThrough(proxy);
    there.socket.write('answer');
    client.socket.write('question');
    await there.hearing(9);
    expect(client.heard).toBe('');
  });

  test('a cut is heard by both sides as it is made', async () => {
    await using proxy = await startProxy();
    const reset = await linkThrough(proxy);
    expect(proxy.cut('reset')).toBe(1);
    expect([await reset.client.gone(), await reset.there.gone()]).toEqual(['ECONNRESET', 'ECONNRESET']);
    const ended = await linkThrough(proxy);
    expect(proxy.cut('end')).toBe(1);
    expect([await ended.client.gone(), await ended.there.gone()]).toEqual(['ended', 'ended']);
  });

  test('a cut after so many bytes lets just these pass', async () => {
    await using proxy = await startProxy();
    proxy.onLink = (link) => link.cutAfter(5, 'toServer', 'end');
    const { client, there } = await linkThrough(proxy);
    client.socket.write('1234567');
    await there.gone();
    expect(there.heard).toBe('?1234');
  });

  test('who is refused is refused, on the same port taken again, and sent to another server', async () => {
    await using proxy = await startProxy();
    const { client, there } = await linkThrough(proxy);
    proxy.refuse();
    const refused = new End(connect(proxy.port, '127.0.0.1'));
    expect(await refused.gone()).toBe('ECONNREFUSED');
    client.socket.write('goes on');
    await there.hearing(8);
    await proxy.accept();
    proxy.retarget(1);
    const lost = new End(connect(proxy.port, '127.0.0.1'));
    clientEnds.push(lost);
    expect(await lost.gone()).toBe('ECONNRESET');
  });

  test('a transform sees the bytes of its own link and says what passes', async () => {
    await using proxy = await startProxy({
      transform: () => {
        let seen = 0;
        return {
          toServer: (chunk, pass) => {
            seen += chunk.length;
            if (seen === 1) pass(chunk);
            else pass(Buffer.from(`${seen}`));
          },
        };
      },
    });
    const first = await linkThrough(proxy);
    first.client.socket.write('abc');
    expect(await first.there.hearing(2)).toBe('?4');
    const second = await linkThrough(proxy);
    second.client.socket.write('a');
    expect(await second.there.hearing(2)).toBe('?2');
  });
});
