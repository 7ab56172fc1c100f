import { describe, expect, test } from 'bun:test';
import { externalUserId } from '@confab/contracts';
import { limits } from '@confab/protocol';
import { createDigest } from './digest.ts';
import { profileOf } from './external-user.ts';

const digest = createDigest(new Uint8Array(32));

describe('external user id', () => {
  test('is the same on every installation', () => {
    const other = createDigest(new Uint8Array(32).fill(5));
    const id = externalUserId(digest, 'https://product.example', 'ann');
    expect(id).toBe(externalUserId(other, 'https://product.example', 'ann'));
    expect(id).toBe(`x${digest.sha256Id('23:https://product.example3:ann')}`);
    expect(id).toBe('xCLKZEx0Tgdcxx-Zw0aJd9F');
  });

  test('no two pairs are one text', () => {
    const pairs: readonly (readonly [string, string])[] = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['a', '1:c'],
      ['a1:', 'c'],
      ['', 'abc'],
      ['abc', ''],
    ];
    expect(new Set(pairs.map(([issuer, subject]) => externalUserId(digest, issuer, subject))).size).toBe(
      pairs.length,
    );
  });
});

describe('profile claims', () => {
  const nameOf = (name: unknown): string | undefined => profileOf(name, null)?.displayName;

  test('without a usable name there is no profile', () => {
    for (const name of [undefined, null, 7, '', '   ', '\u0000\u0007', {}, ['Ann']]) {
      expect(profileOf(name, 'https://example.org/a.png')).toBeNull();
    }
  });

  test('a name is one bounded line', () => {
    expect(nameOf('  Ann Example ')).toBe('Ann Example');
    expect(nameOf('Ann\r\nExample\u2028!')).toBe('Ann Example !');
    expect(nameOf('Ann \ud800')).toBe('Ann \ufffd');
    const bound = limits.displayNameCharactersMax;
    expect(nameOf('n'.repeat(bound + 1))).toBe('n'.repeat(bound));
    expect(nameOf(`${'n'.repeat(bound - 1)}😀`)).toBe('n'.repeat(bound - 1));
  });

  test('a picture is an https address or nothing', () => {
    const pictureOf = (picture: unknown): string | null | undefined => profileOf('Ann', picture)?.picture;
    expect(pictureOf('https://example.org/a.png?size=1')).toBe('https://example.org/a.png?size=1');
    for (const picture of [
      undefined,
      7,
      '',
      'http://example.org/a.png',
      'javascript:alert(1)',
      'data:image/png;base64,AA',
      '//example.org/a.png',
      'https://',
      'https://user:secret@example.org/a.png',
      'https://example.org/a b.png',
      'https://example.org/"onload=',
      `https://example.org/${'a'.repeat(2048)}`,
    ]) {
      const expected = picture === 'https://example.org/"onload=' ? picture : null;
      expect(pictureOf(picture)).toBe(expected);
    }
  });
});
