import { createHmac, createSecretKey, hash } from 'node:crypto';
import type { Digest } from '@confab/contracts';
import { requireSecret } from './secret-file.ts';

/** Characters of base64url that 132 bits make. */
const ID_CHARACTERS = 22;

/** Hashes, plain and under the installation's secret (at least 32 bytes). */
export function createDigest(secret: Uint8Array): Digest {
  const key = createSecretKey(requireSecret(secret, "the installation's secret"));
  return {
    sha256Hex: (text) => hash('sha256', text, 'hex'),
    sha256Id: (text) => hash('sha256', text, 'base64url').slice(0, ID_CHARACTERS),
    keyed: (text) => createHmac('sha256', key).update(text).digest('base64url'),
  };
}
