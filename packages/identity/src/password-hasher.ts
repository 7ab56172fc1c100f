import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { PasswordHasher } from '@confab/contracts';
import { Turnstile } from './turnstile.ts';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. About 17 ms of one core. */
const ARGON2ID = { algorithm: 'argon2id', memoryCost: 19 * 1024, timeCost: 2 } as const;
const SALT_BYTES = 32;
const HASH_BYTES = 32;
const AFTER_MS = 1_000;

/** How much of the machine passwords may take. Each that runs takes one core and 19 MiB. */
export interface PasswordHasherBounds {
  /** Hashes computed at once. */
  readonly concurrentMax: number;
  /** Log-ins that wait for their turn; one more is refused with `unavailable`. */
  readonly waitingMax: number;
}

/** Half of the cores, and a wait of about two seconds on two of them. */
const defaultBounds: PasswordHasherBounds = {
  concurrentMax: Math.max(1, Math.floor(availableParallelism() / 2)),
  waitingMax: 128,
};

/**
 * argon2id, off the thread that serves sockets. Passwords are compared after NFC, because one keyboard writes `é` as one
 * character and another as two. Beyond its bounds it throws ConfabError `unavailable`.
 */
export function createPasswordHasher(bounds: PasswordHasherBounds = defaultBounds): PasswordHasher {
  const turnstile = new Turnstile({ ...bounds, afterMs: AFTER_MS });
  const nobody = nobodysHash();
  return {
    hash: (password) => turnstile.run(() => Bun.password.hash(password.normalize('NFC'), ARGON2ID)),
    verify: async (password, hash) => {
      const fits = await turnstile.run(() => Bun.password.verify(password.normalize('NFC'), hash ?? nobody));
      return fits && hash !== null;
    },
  };
}

/** A hash of no password, of the same cost as a real one: checking against it takes as long. */
export function nobodysHash(): string {
  const cost = `m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=1`;
  return `$argon2id$v=19$${cost}$${randomBase64(SALT_BYTES)}$${randomBase64(HASH_BYTES)}`;
}

function randomBase64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '');
}
