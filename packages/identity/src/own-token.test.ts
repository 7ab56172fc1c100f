import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { ConfabError } from '@confab/protocol';
import { jwtVerify } from 'jose';
import { deriveTokenKey, isOwnToken, signOwnToken, verifyOwnToken } from './own-token.ts';

const key = deriveTokenKey(new Uint8Array(32).fill(1));
const NOW_MS = 1_750_000_000_123;
const claims = { userId: 'u-ann', deviceId: 'device-1', expiresAtMs: NOW_MS + 60_001 };
const token = signOwnToken(key, claims, NOW_MS);
const [header = '', payload = ''] = token.split('.');

/** Signs a payload under the true key: what a mistake of ours elsewhere might make. */
function signed(body: unknown, head = header): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const unsigned = `${head}.${Buffer.from(text).toString('base64url')}`;
  return `${unsigned}.${createHmac('sha256', key).update(unsigned).digest('base64url')}`;
}

function codeOf(candidate: string, nowMs = NOW_MS): string {
  try {
    verifyOwnToken(key, candidate, nowMs);
    return 'accepted';
  } catch (error) {
    return error instanceof ConfabError ? error.code : 'no ConfabError';
  }
}

describe('own token', () => {
  const good = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const nowSeconds = NOW_MS / 1000;

  test('[TOK1] is a JWT that a library accepts too', async () => {
    const { payload: read, protectedHeader } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer: 'confab',
      audience: 'confab',
      currentDate: new Date(NOW_MS),
    });
    expect(protectedHeader.alg).toBe('HS256');
    expect(read).toMatchObject({ sub: 'u-ann', did: 'device-1', iat: NOW_MS / 1000, exp: 1_750_000_060.124 });
  });

  test('[TOK1] says when it was made, whenever it is read', () => {
    expect(verifyOwnToken(key, token, NOW_MS + 5_000).issuedAtMs).toBe(NOW_MS);
  });

  test('[TOK1] keeps its expiry to the millisecond', () => {
    for (let offsetMs = 1; offsetMs < 2_000; offsetMs += 1) {
      const expiresAtMs = NOW_MS + offsetMs;
      const made = signOwnToken(key, { ...claims, expiresAtMs }, NOW_MS);
      expect(verifyOwnToken(key, made, NOW_MS).expiresAtMs).toBe(expiresAtMs);
    }
  });

  test('[TOK1] the signer of the forgeries signs what is accepted', () => {
    expect(codeOf(signed(good))).toBe('accepted');
    expect(codeOf(signed({ ...good, nbf: nowSeconds + 5 }))).toBe('accepted');
  });

  const forgeries: readonly [title: string, candidate: string][] = [
    ['no JSON', signed('{')],
    ['null', signed('null')],
    ['a number', signed('7')],
    ['an array', signed('[]')],
    ['an empty payload', signed('')],
    ['no claims', signed({})],
    ['another issuer', signed({ ...good, iss: 'elsewhere' })],
    ['no issuer', signed({ ...good, iss: undefined })],
    ['another audience', signed({ ...good, aud: 'elsewhere' })],
    ['a list of audiences', signed({ ...good, aud: ['confab'] })],
    ['no subject', signed({ ...good, sub: undefined })],
    ['an empty subject', signed({ ...good, sub: '' })],
    ['a subject that is no text', signed({ ...good, sub: { toString: 'u' } })],
    ['no device', signed({ ...good, did: undefined })],
    ['an empty device', signed({ ...good, did: '' })],
    ['no expiry', signed({ ...good, exp: undefined })],
    ['an expiry that is null', signed({ ...good, exp: null })],
    ['an expiry that is text', signed({ ...good, exp: '1900000000' })],
    ['an expiry beyond all numbers', signed(JSON.stringify(good).replace(/"exp":[\d.]+/, '"exp":1e999'))],
    ['not yet valid', signed({ ...good, nbf: nowSeconds + 6 })],
    ['not before that is text', signed({ ...good, nbf: '0' })],
    ['another header under the true key', signed(good, Buffer.from('{"alg":"HS256"}').toString('base64url'))],
    ['alg none under the true key', signed(good, Buffer.from('{"alg":"none"}').toString('base64url'))],
    ['the header alone', `${header}.`],
    ['header and payload', `${header}.${payload}`],
    ['header and payload and a dot', `${header}.${payload}.`],
    ['a signature of another length', `${header}.${payload}.${'A'.repeat(42)}`],
    ['a signature with characters of two bytes', `${header}.${payload}.${'é'.repeat(43)}`],
  ];
  for (const [title, candidate] of forgeries) {
    test(`[TOK1] refused: ${title}`, () => expect(codeOf(candidate)).toBe('unauthenticated'));
  }

  test('[TOK1] another text for the same signature bytes is refused', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1) ?? '');
    // 43 characters carry two bits more than the 32 bytes: these three decode to the very same signature.
    for (const spare of [1, 2, 3]) {
      const twin = `${token.slice(0, -1)}${alphabet[last ^ spare]}`;
      expect(Buffer.from(twin.slice(-43), 'base64url')).toEqual(Buffer.from(token.slice(-43), 'base64url'));
      expect(codeOf(twin)).toBe('unauthenticated');
    }
  });

  test('[TOK2] runs out at its expiry, and not before', () => {
    expect(codeOf(token, claims.expiresAtMs - 1)).toBe('accepted');
    expect(codeOf(token, claims.expiresAtMs)).toBe('token_expired');
  });

  test('[TOK1] is told from others by its whole header', () => {
    expect(isOwnToken(token)).toBe(true);
    expect(isOwnToken(`${header}x.${payload}.x`)).toBe(false);
    expect(isOwnToken(header)).toBe(false);
  });
});
