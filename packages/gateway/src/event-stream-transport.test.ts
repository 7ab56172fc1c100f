import { expect, test } from 'bun:test';
import { EventStreamTransport } from './event-stream-transport.ts';

const AHEAD_BYTES = 64 * 1_024;

function open() {
  const transport = new EventStreamTransport();
  const closed: number[] = [];
  let drains = 0;
  transport.listen({
    drained: () => void (drains += 1),
    transportClosed: (code) => void closed.push(code),
  });
  const reader = transport.body.getReader();
  const read = async (): Promise<string> => {
    const { value } = await reader.read();
    return value === undefined ? '' : new TextDecoder().decode(value);
  };
  return { transport, closed, read, cancel: () => reader.cancel(), drains: () => drains };
}

test('[G7.1] it takes as many frames as there is room for, and says how many', async () => {
  const { transport, read } = open();
  const texts = Array.from({ length: 10 }, (_, index) => `${index} ${'x'.repeat(AHEAD_BYTES / 4)}`);
  const seen: string[] = [];
  let left = texts;
  while (left.length > 0) {
    const taken = transport.send(left);
    expect(taken).toBeLessThanOrEqual(4);
    left = left.slice(taken);
    expect([transport.isBlocked, transport.send(left)]).toEqual([left.length > 0, 0]);
    seen.push(...(await read()).split('\n\n').filter((event) => event !== ''));
  }
  expect(seen).toEqual(texts.map((text) => `data: ${text}`));
});

test('[G8.1] a beat costs nothing where the reader is behind', async () => {
  const { transport, read } = open();
  transport.beat();
  expect(await read()).toBe(':\n\n');
  transport.send(['x'.repeat(AHEAD_BYTES)]);
  const { bufferedBytes } = transport;
  for (let count = 0; count < 100; count += 1) transport.beat();
  expect(transport.bufferedBytes).toBe(bufferedBytes);
});

test('it ends once, whoever ends it', async () => {
  const { transport, closed, read } = open();
  transport.close(4_000, 'going_away');
  transport.close(4_000, 'going_away');
  transport.gone();
  expect(closed).toEqual([4_000]);
  expect(await read()).toBe('event: close\ndata: {"code":4000,"reason":"going_away"}\n\n');
  expect(transport.send(['late'])).toBe(1);
});

test('[G8.1] what waits for a reader that is behind is let go when it ends', async () => {
  const { transport, closed, read } = open();
  transport.send(['x'.repeat(AHEAD_BYTES)]);
  transport.close(4_002, 'slow_reader');
  expect(await read().catch((error: unknown) => String(error))).toContain('slow_reader');
  expect(closed).toEqual([4_002]);
});

test('a reader that cancels has gone', async () => {
  const { transport, closed, cancel } = open();
  await cancel();
  expect(closed).toEqual([1_006]);
  expect([transport.isBlocked, transport.send(['late'])]).toEqual([true, 1]);
});
