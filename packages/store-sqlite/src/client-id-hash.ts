import { clientIdText } from '@confab/contracts';

const HASH_BYTES = 16;

/**
 * What finds a client id in a conversation: 128 bits of SHA-256 instead of up to 128 characters, for the index is the
 * largest after the bodies.
 */
export function clientIdHash(userId: string, clientMessageId: string): Uint8Array {
  const digest = new Bun.CryptoHasher('sha256').update(clientIdText(userId, clientMessageId)).digest();
  return digest.subarray(0, HASH_BYTES);
}
