import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { Principal } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { CLOCK_SKEW_MS } from './token-bounds.ts';

/**
 * Access tokens of our own: JWTs under HS256, signed and checked here rather than by a library because every connect
 * checks one (2 us against 24). There is exactly one header; a token that begins otherwise is not ours, so that nothing
 * a token says about itself - algorithm, key, type - is ever read.
 */
const HEADER = encode({ alg: 'HS256', typ: 'JWT', kid: 'confab' });
const PREFIX = `${HEADER}.`;
export const OWN_ISSUER = 'confab';
const AUDIENCE = 'confab';

export interface OwnClaims {
  readonly userId: string;
  readonly deviceId: string;
  readonly expiresAtMs: number;
}

/** The key of our tokens. It is derived, so that no other use of the installation's secret can make a signature. */
export function deriveTokenKey(secret: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'confab access token', 32)));
}

/** Whether a token claims to be ours by its header. */
export function isOwnToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

export function signOwnToken(key: KeyObject, claims: OwnClaims, nowMs: number): string {
  const payload = encode({
    iss: OWN_ISSUER,
    aud: AUDIENCE,
    sub: claims.userId,
    did: claims.deviceId,
    iat: nowMs / 1000,
    exp: claims.expiresAtMs / 1000,
  });
  const signed = `${PREFIX}${payload}`;
  return `${signed}.${signatureOf(key, signed)}`;
}

/** Throws ConfabError `unauthenticated` or `token_expired`. */
export function verifyOwnToken(key: KeyObject, token: string, nowMs: number): Principal {
  const dot = token.lastIndexOf('.');
  if (!isOwnToken(token) || !isSameText(signatureOf(key, token.slice(0, dot)), token.slice(dot + 1)))
    throw refusal();
  return read(token.slice(PREFIX.length, dot), nowMs);
}

function read(payload: string, nowMs: number): Principal {
  const { iss, aud, sub, did, exp, iat, nbf } = decode(payload);
  if (iss !== OWN_ISSUER || aud !== AUDIENCE) throw refusal();
  if (typeof sub !== 'string' || sub === '' || typeof did !== 'string' || did === '') throw refusal();
  if (typeof exp !== 'number' || !Number.isSafeInteger(Math.round(exp * 1000))) throw refusal();
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf * 1000 <= nowMs + CLOCK_SKEW_MS)) throw refusal();
  const expiresAtMs = Math.round(exp * 1000);
  if (nowMs >= expiresAtMs) throw new ConfabError('token_expired');
  const issuedAtMs = typeof iat === 'number' ? Math.round(iat * 1000) : 0;
  return { userId: sub, deviceId: did, issuedAtMs, expiresAtMs, external: null };
}

function signatureOf(key: KeyObject, signed: string): string {
  return createHmac('sha256', key).update(signed).digest('base64url');
}

/** As text, not as bytes: base64 has several texts for one signature, and only one of them is the token we gave. */
function isSameText(one: string, other: string): boolean {
  const [bytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === otherBytes.length && timingSafeEqual(bytes, otherBytes);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(payload: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through: what is no JSON is refused like any other.
  }
  throw refusal();
}

function refusal(): ConfabError {
  return new ConfabError('unauthenticated');
}
