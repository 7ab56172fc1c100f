import { expect, test } from 'bun:test';
import { scriptedTransport } from '../testing/scripted-transport.ts';
import { TransportChoice } from './transport-choice.ts';

const all = ['websocket', 'stream', 'poll'] as const;
const choice = (): TransportChoice => new TransportChoice(all.map((kind) => scriptedTransport([], kind)));

test('two failures in a row lead to the next, and after the last the first comes again', () => {
  const given = choice();
  const kinds: string[] = [];
  for (let n = 0; n < 7; n++) {
    kinds.push(given.current.kind);
    given.failed();
  }
  expect(kinds).toEqual(['websocket', 'websocket', 'stream', 'stream', 'poll', 'poll', 'websocket']);
});

test('what worked once is kept, until another network is found', () => {
  const given = choice();
  given.failed();
  given.failed();
  given.worked();
  for (let n = 0; n < 9; n++) given.failed();
  expect(given.current.kind).toBe('stream');
  given.reset();
  expect(given.current.kind).toBe('websocket');
});
