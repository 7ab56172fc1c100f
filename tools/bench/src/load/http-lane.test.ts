import { expect, test } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { HttpLane } from './http-lane.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n';
const BODY = '{"page":10}';

/** A server that answers each request by this, and a lane to it. */
async function laneTo(answer: (socket: Socket) => void): Promise<HttpLane & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => answer(socket));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const lane = await HttpLane.open(`http://127.0.0.1:${port}`);
  const dispose = async (): Promise<void> => {
    lane.close();
    server.close();
  };
  return Object.assign(lane, { [Symbol.asyncDispose]: dispose });
}

test('answers come one after the other over one connection', async () => {
  await using lane = await laneTo((socket) => socket.write(HEAD + BODY));
  for (let count = 0; count < 3; count += 1) {
    const { status, body } = await lane.get('/v1/page', 'token');
    expect([status, body.toString()]).toEqual([200, BODY]);
  }
});

test('an answer that comes in pieces is put together', async () => {
  await using lane = await laneTo((socket) => {
    const [head, middle, rest] = [HEAD.slice(0, 30), HEAD.slice(30) + BODY.slice(0, 4), BODY.slice(4)];
    socket.write(head, () => setImmediate(() => socket.write(middle, () => socket.write(rest))));
  });
  const { body } = await lane.get('/v1/page', 'token');
  expect(body.toString()).toBe(BODY);
});

test('a request whose connection ends is refused, and so is the next', async () => {
  await using lane = await laneTo((socket) => socket.destroy());
  const refusals: string[] = [];
  for (let count = 0; count < 2; count += 1) {
    try {
      await lane.get('/v1/page', 'token');
    } catch (error) {
      refusals.push(String(error));
    }
  }
  expect(refusals).toHaveLength(2);
  expect(refusals[1]).toContain('the connection has ended');
});
