import type { Digest } from '@confab/contracts';

/**
 * A refresh token: whose, of which sign-in, the how-manieth, under the installation's key. Since each can be checked
 * without the store, an old one that comes back is known for what it is, and a forged one ends nobody's session.
 */
export interface RefreshToken {
  readonly userId: string;
  readonly deviceId: string;
  readonly nonce: string;
  readonly generation: number;
}

export function formatRefreshToken(digest: Digest, token: RefreshToken): string {
  const text = `${token.userId}.${token.deviceId}.${token.nonce}.${token.generation.toString(36)}`;
  return `${text}.${digest.keyed(`refresh ${text}`)}`;
}

/** The token of a text that we signed, else null. */
export function parseRefreshToken(digest: Digest, text: string): RefreshToken | null {
  const parts = text.split('.');
  const [userId, deviceId, nonce, generationText] = parts;
  if (parts.length !== 5 || userId === undefined || deviceId === undefined) return null;
  if (nonce === undefined || generationText === undefined) return null;
  const generation = Number.parseInt(generationText, 36);
  const token = { userId, deviceId, nonce, generation };
  if (!Number.isSafeInteger(generation)) return null;
  return equalInConstantTime(formatRefreshToken(digest, token), text) ? token : null;
}

function equalInConstantTime(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index++)
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
