import { expect, test } from 'bun:test';
import { constant, numberText, product, rest, roundedUp, sum } from './arithmetic.ts';

const sends = constant('sends', 9_300, 'messages/s');
const cost = constant('a send', 250, 'us');
const core = constant('a core', 1_000_000, 'us/s per core');

test('a line shows the numbers it was computed from', () => {
  const line = product({ name: 'cores', unit: 'cores' }, sends, ['x', cost], ['/', core]);
  expect(line.value).toBeCloseTo(2.325, 9);
  expect(line.how).toBe('9,300 messages/s x 250 us / 1,000,000 us/s per core');
});

test('a sum names its parts, and a difference never falls below nothing', () => {
  expect(sum({ name: 'both', unit: 'us' }, [cost, { ...cost, name: 'another' }])).toEqual({
    name: 'both',
    unit: 'us',
    value: 500,
    how: '250 a send + 250 another',
  });
  expect(rest({ name: 'left', unit: 'us' }, cost, core).value).toBe(0);
});

test('machines are whole', () => {
  const line = roundedUp(product({ name: 'machines', unit: '' }, sends, ['/', cost]));
  expect([line.value, line.how]).toEqual([38, '9,300 messages/s / 250 us, rounded up']);
});

test.each([
  [2_000_000, '2,000,000'],
  [123.4, '123'],
  [12.345, '12.3'],
  [0.005_12, '0.00512'],
  [0.9999, '0.9999'],
  [13.999, '14'],
  [0, '0'],
  [Number.POSITIVE_INFINITY, 'without end'],
])('%p is written %p', (value, text) => {
  expect(numberText(value)).toBe(text);
});
