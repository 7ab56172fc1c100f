import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failPointNames } from './fail-points.ts';
import { Trigger } from './trigger.ts';

test('every fail point stands in the README', () => {
  const readme = readFileSync(join(import.meta.dir, '../../README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| .* \|$/gm)].map(([, name]) => name);
  expect(rows).toEqual([...failPointNames]);
});

test('a trigger strikes only while it is armed: each time, one in so many, or from a time on', () => {
  const trigger = new Trigger();
  const strikes = () => [trigger.each(), trigger.isOneIn(), trigger.isFrom()];
  expect(strikes()).toEqual([null, false, false]);
  trigger.arm(3);
  expect([1, 2, 3, 4, 5, 6].map(() => trigger.isOneIn())).toEqual([false, false, true, false, false, true]);
  trigger.arm(2);
  expect([1, 2, 3].map(() => trigger.isFrom())).toEqual([false, true, true]);
  trigger.arm(7);
  expect(trigger.each()).toBe(7);
  expect(trigger.strikes).toBe(5);
  trigger.disarm();
  expect(strikes()).toEqual([null, false, false]);
});
