import { expect, test } from 'bun:test';
import { AVATAR_HUES, hueOf, initialsOf } from './avatar.ts';

test.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['Jean-Luc van der Berg', 'JB'],
  ['  ', '?'],
  ['(team) rocket', 'TR'],
  ['李小龍', '李'],
  ['👩‍🚀 crew', '👩‍🚀C'],
  ['grace.hopper', 'GH'],
])('the initials of %p are %p', (name, initials) => expect(initialsOf(name)).toBe(initials));

test('a hue is stable and in range', () => {
  for (const id of ['u1', 'u2', 'x', '']) {
    expect(hueOf(id)).toBe(hueOf(id));
    expect(hueOf(id)).toBeGreaterThanOrEqual(0);
    expect(hueOf(id)).toBeLessThan(AVATAR_HUES);
  }
});
