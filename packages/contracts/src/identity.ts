import { lengthPrefixed } from '@confab/conversation';
import type { Digest } from './environment.ts';

/** Passwords and tokens: the parts of identity that need cryptography. */

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** False, in about the same time, where `hash` is null: an unknown name must not answer faster. */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** Who a request comes from. `deviceId` is null for tokens of an embedding product, whose clients name their own. */
export interface Principal {
  readonly userId: string;
  readonly deviceId: string | null;
  /** When the token was made, milliseconds since the epoch; 0 where it does not say. */
  readonly issuedAtMs: number;
  /** When the token runs out, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** Profile claims of a token of an embedding product; null for our own tokens, and where it has no usable name. */
  readonly external: { readonly displayName: string; readonly picture: string | null } | null;
}

/**
 * - `[TOK1]` Only tokens signed under a configured key and its pinned algorithm are accepted; `alg: none`, another
 *   algorithm, a key named by the token itself, a wrong issuer or audience are refused.
 * - `[TOK2]` A token past its expiry is refused with `token_expired`.
 */
export interface Tokens {
  /** Signs an access token of our own for a device. */
  sign(claims: {
    readonly userId: string;
    readonly deviceId: string;
    readonly expiresAtMs: number;
  }): Promise<string>;
  /** Throws ConfabError `unauthenticated`, `token_expired`, or `unavailable` where a product's keys cannot be had. */
  verify(token: string): Promise<Principal>;
}

/**
 * The user id of a subject of an embedding product: `x` and 22 characters of a hash. Never an account's, which begin
 * with `u`. Lengths go into the hash, so that two different pairs are never one text.
 */
export function externalUserId(digest: Digest, issuer: string, subject: string): string {
  return `x${digest.sha256Id(lengthPrefixed([issuer, subject]))}`;
}
