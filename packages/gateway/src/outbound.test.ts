import { describe, expect, test } from 'bun:test';
import { limits } from '@confab/protocol';
import { Flusher } from './flusher.ts';
import { encodedFrame, Outbound, outboundBounds } from './outbound.ts';
import { FakeTransport } from './testing/fake-transport.ts';
import { ManualClock } from './testing/manual-clock.ts';

interface World {
  readonly outbound: Outbound;
  readonly transport: FakeTransport;
  readonly told: string[];
  /** Ends the turn of the event loop. */
  readonly turn: () => void;
}

function world(): World {
  const transport = new FakeTransport();
  const told: string[] = [];
  const due: (() => void)[] = [];
  const flusher = new Flusher({
    soon: (action) => void due.push(action),
    clock: new ManualClock(),
    faulted: (error) => {
      throw error;
    },
  });
  const owner = {
    tick: 7,
    overflowed: () => void told.push('overflowed'),
    calmed: () => void told.push('calmed'),
  };
  const outbound = new Outbound(transport, flusher, owner);
  return { outbound, transport, told, turn: () => due.splice(0).forEach((action) => action()) };
}

const frame = (number: number, bytes = 10_000): string =>
  JSON.stringify({ type: 'message_event', number, body: 'x'.repeat(bytes) });

/** Fills what waits up to a part of the bound, behind a reader that takes nothing. */
function fill({ outbound, transport, turn }: World, bytes: number): void {
  transport.isTaking = false;
  for (let number = 0; outbound.waitingBytes < bytes; number += 1) {
    outbound.sayEvent('g1', number, encodedFrame(frame(number)));
    turn();
  }
}

describe('outbound', () => {
  test('what comes in one turn is written together, in order', () => {
    const { outbound, transport, turn } = world();
    const batches: number[] = [];
    const send = transport.send.bind(transport);
    transport.send = (texts) => {
      batches.push(texts.length);
      return send(texts);
    };
    for (let number = 1; number <= 3; number += 1) outbound.say(frame(number));
    expect(batches).toEqual([]);
    turn();
    expect(batches).toEqual([3]);
    expect(transport.frames.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(outbound.waitingBytes).toBe(0);
  });

  test('a transport that has room again while it is given frames gets none twice', () => {
    const { outbound, transport, turn } = world();
    const send = transport.send.bind(transport);
    transport.send = (texts) => {
      const taken = send(texts);
      outbound.drained();
      return taken;
    };
    outbound.say(frame(1));
    turn();
    expect(transport.frames).toHaveLength(1);
  });

  test('texts wait here, not in the transport, and go on in order when it drains', () => {
    const { outbound, transport, turn } = world();
    transport.isTaking = false;
    for (let number = 1; number <= 5; number += 1) outbound.say(frame(number));
    turn();
    expect(transport.frames).toHaveLength(1);
    transport.isTaking = true;
    transport.bufferedBytes = 0;
    outbound.drained();
    expect(transport.frames.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(outbound.waitingBytes).toBe(0);
  });

  test('[G8.1] what the transport keeps is counted until it is written', () => {
    const { outbound, transport, turn } = world();
    transport.isTaking = false;
    outbound.say(frame(1));
    turn();
    expect(transport.bufferedBytes).toBeGreaterThan(10_000);
    expect(outbound.waitingBytes).toBe(transport.bufferedBytes);
    transport.bufferedBytes = 0;
    outbound.drained();
    expect(outbound.waitingBytes).toBe(0);
  });

  test('[G8.1] what waits is counted in UTF-8, whoever said it and however it is taken', () => {
    const { outbound, transport, turn } = world();
    const text = JSON.stringify({ type: 'message_event', body: '\u65e5'.repeat(1_000) });
    const bytes = Buffer.byteLength(text);
    const says = [
      () => outbound.say(text),
      () => outbound.sayEvent('g1', 1, encodedFrame(text)),
      () => outbound.sayReceipt(text),
      () => outbound.sayTyping(text),
    ];
    for (const [index, say] of says.entries()) {
      say();
      expect(outbound.waitingBytes).toBe((index + 1) * bytes);
    }
    transport.isTaking = false;
    turn();
    expect(outbound.waitingBytes).toBe(3 * bytes + transport.bufferedBytes);
  });

  test('[G7.1] a slow reader loses typing notes, then receipts, then is told where conversations stand', () => {
    const made = world();
    const { outbound, transport } = made;
    const lost = (say: () => void): boolean => {
      const before = outbound.waitingBytes;
      say();
      return outbound.waitingBytes === before;
    };
    const typing = (): void => outbound.sayTyping('{"type":"typing_event"}');
    const receipt = (): void => outbound.sayReceipt('{"type":"receipt_event"}');
    expect([lost(typing), lost(receipt)]).toEqual([false, false]);
    fill(made, outboundBounds.typingBytesMax + 1);
    expect([lost(typing), lost(receipt)]).toEqual([true, false]);
    fill(made, outboundBounds.receiptBytesMax + 1);
    expect([lost(typing), lost(receipt)]).toEqual([true, true]);
    expect(outbound.behind).toBeNull();
    fill(made, limits.outboundBytesMax - 10_100);
    outbound.sayEvent('g2', 5, encodedFrame(frame(5, 20_000)));
    outbound.sayEvent('g2', 6, encodedFrame(frame(6, 1)));
    expect([...(outbound.behind ?? [])]).toEqual([['g2', 6]]);
    expect(outbound.waitingBytes).toBeLessThanOrEqual(limits.outboundBytesMax);
    expect(outbound.strainedSinceTick).toBe(7);
    transport.isTaking = true;
    transport.bufferedBytes = 0;
    outbound.drained();
    expect(made.told).toEqual(['calmed']);
    expect(outbound.strainedSinceTick).toBe(0);
  });

  test('once behind, a conversation stays behind until its head is told: no gap in the stream', () => {
    const { outbound, transport, turn } = world();
    outbound.noteBehind('g1', 3);
    outbound.sayEvent('g1', 4, encodedFrame(frame(4)));
    outbound.sayEvent('g2', 1, encodedFrame(frame(1)));
    turn();
    expect(transport.frames.map(({ number }) => number)).toEqual([1]);
    outbound.noteBehind('g1', 2);
    expect(outbound.behind?.get('g1')).toBe(4);
  });

  test('too many conversations behind end the connection', () => {
    const { outbound, told } = world();
    for (let count = 0; count < outboundBounds.behindConversationsMax; count += 1)
      outbound.noteBehind(`g${count}`, 1);
    expect(told).toEqual([]);
    outbound.noteBehind('one more', 1);
    expect(told).toEqual(['overflowed']);
  });

  test('who asks and takes nothing is not read from, and closed at the hard bound', () => {
    const { outbound, transport, told, turn } = world();
    transport.isTaking = false;
    while (outbound.waitingBytes <= outboundBounds.eventBytesMax) outbound.say(frame(1, 60_000));
    turn();
    expect(transport.isReading).toBe(false);
    expect(told).toEqual([]);
    while (outbound.waitingBytes <= outboundBounds.hardBytesMax) outbound.say(frame(1, 60_000));
    expect(told).toEqual(['overflowed']);
  });

  test('who has taken what waited is read from again', () => {
    const { outbound, transport, turn } = world();
    transport.isTaking = false;
    while (outbound.waitingBytes <= outboundBounds.eventBytesMax) outbound.say(frame(1, 60_000));
    turn();
    expect(transport.isReading).toBe(false);
    transport.isTaking = true;
    transport.bufferedBytes = 0;
    outbound.drained();
    expect(transport.isReading).toBe(true);
  });

  test('[G8.1] one frame too large to be taken at once holds a reader up only until it is written', () => {
    const { outbound, transport, told, turn } = world();
    transport.isTaking = false;
    outbound.say(frame(1, outboundBounds.eventBytesMax));
    turn();
    expect([transport.isReading, outbound.strainedSinceTick]).toEqual([false, 7]);
    transport.bufferedBytes = outboundBounds.calmBytesMax + 1;
    outbound.drained();
    expect([transport.isReading, told]).toEqual([false, []]);
    transport.bufferedBytes = 0;
    outbound.drained();
    expect([transport.isReading, outbound.strainedSinceTick, told]).toEqual([true, 0, ['calmed']]);
  });

  test('nothing more is handed to a transport that has no room', () => {
    const { outbound, transport, turn } = world();
    transport.isTaking = false;
    for (let number = 1; number <= 5; number += 1) {
      outbound.say(frame(number));
      turn();
    }
    expect(transport.frames.map(({ number }) => number)).toEqual([1]);
  });

  test('[G8.1] nothing is kept for a connection that has ended, and nothing written', () => {
    const { outbound, transport, turn } = world();
    transport.isTaking = false;
    for (let number = 1; number <= 3; number += 1) outbound.say(frame(number));
    turn();
    outbound.noteBehind('g1', 1);
    outbound.stop();
    outbound.say(frame(4));
    outbound.sayEvent('g2', 5, encodedFrame(frame(5)));
    outbound.noteBehind('g2', 6);
    transport.isTaking = true;
    outbound.drained();
    turn();
    expect([outbound.waitingBytes, outbound.behind, transport.frames.length]).toEqual([0, null, 1]);
  });

  test('a connection that ends while it is written to keeps nothing', () => {
    const { outbound, transport, turn } = world();
    transport.send = () => {
      outbound.stop();
      return 1;
    };
    for (let number = 1; number <= 3; number += 1) outbound.say(frame(number));
    turn();
    expect(outbound.waitingBytes).toBe(0);
  });

  test('room is waited for, and refused when the connection ends', async () => {
    const made = world();
    await made.outbound.room();
    fill(made, outboundBounds.calmBytesMax + 1);
    const first = made.outbound.room();
    made.transport.isTaking = true;
    made.transport.bufferedBytes = 0;
    made.outbound.drained();
    await first;
    fill(made, outboundBounds.calmBytesMax + 1);
    const second = made.outbound.room();
    made.outbound.stop();
    expect(await second.catch(String)).toContain('ended');
    expect(await made.outbound.room().catch(String)).toContain('ended');
    expect(made.outbound.waitingBytes).toBe(0);
  });
});
