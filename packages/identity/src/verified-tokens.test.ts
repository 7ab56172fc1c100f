import { expect, test } from 'bun:test';
import { createDigest } from './digest.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const principal = { userId: 'x', deviceId: null, issuedAtMs: 0, expiresAtMs: 1_000, external: null };

function open(entriesMax: number): VerifiedTokens {
  return new VerifiedTokens(createDigest(new Uint8Array(32)), entriesMax);
}

test('a token is known until its time is over, then forgotten', () => {
  const verified = open(10);
  verified.put('token', principal, 1_000);
  expect(verified.get('token', 999)).toBe(principal);
  expect(verified.get('other', 999)).toBeNull();
  expect(verified.get('token', 1_000)).toBeNull();
  expect(verified.size).toBe(0);
});

test('the least recently used goes first', () => {
  const verified = open(2);
  verified.put('one', principal, 1_000);
  verified.put('two', principal, 1_000);
  verified.get('one', 0);
  verified.put('three', principal, 1_000);
  expect(['one', 'two', 'three'].map((token) => verified.get(token, 0) !== null)).toEqual([
    true,
    false,
    true,
  ]);
});

test('there are never more than the bound', () => {
  const verified = open(100);
  for (let index = 0; index < 1_000; index += 1) {
    verified.put(`token-${index}`, principal, 1_000);
    verified.put(`token-${index}`, principal, 1_000);
  }
  expect(verified.size).toBe(100);
});
