import { expect, test } from 'bun:test';
import { FrameReader, type FrameSink } from './frame-reader.ts';

const SHORT = 125;
const MIDDLE = 300;
const LONG = 70_000;

function frameOf(payload: string): Buffer {
  const { length } = payload;
  if (length <= SHORT) return Buffer.concat([Buffer.of(0x81, length), Buffer.from(payload)]);
  const head = Buffer.alloc(length > 65_535 ? 10 : 4);
  head[0] = 0x81;
  head[1] = length > 65_535 ? 127 : 126;
  if (length > 65_535) head.writeBigUInt64BE(BigInt(length), 2);
  else head.writeUInt16BE(length, 2);
  return Buffer.concat([head, Buffer.from(payload)]);
}

test('frames of every length are found, wherever the bytes were cut', () => {
  for (const step of [1, 2, 3, 7]) expectFound([SHORT, MIDDLE, 0, 1], step);
  for (const step of [126, 1_000, 100_000]) expectFound([SHORT, LONG, MIDDLE], step);
});

function expectFound(lengths: readonly number[], step: number): void {
  const payloads = lengths.map((length, at) => String(at).repeat(length));
  const bytes = Buffer.concat([...payloads.map(frameOf), Buffer.of(0x89, 0x00)]);
  const heard: string[] = [];
  let pings = 0;
  const sink: FrameSink = {
    text: (found, start, end) => void heard.push(found.toString('utf8', start, end)),
    control: () => void (pings += 1),
  };
  const reader = new FrameReader();
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step), sink);
  expect(heard).toEqual(payloads);
  expect(pings).toBe(1);
}
