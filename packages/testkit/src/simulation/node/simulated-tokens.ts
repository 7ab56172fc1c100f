import type { Clock, Tokens } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';

/**
 * Tokens that are what they say. Signing is asynchronous work of the platform, whose end no seed decides; it is tested
 * elsewhere.
 */
export function simulatedTokens(clock: Clock): Tokens {
  return {
    sign: async ({ userId, deviceId, expiresAtMs }) =>
      [userId, deviceId, clock.nowMs(), expiresAtMs].join('.'),
    async verify(token) {
      const [userId, deviceId, issuedAt, expiresAt] = token.split('.');
      if (userId === undefined || deviceId === undefined) throw new ConfabError('unauthenticated');
      const [issuedAtMs, expiresAtMs] = [Number(issuedAt), Number(expiresAt)];
      if (clock.nowMs() >= expiresAtMs) throw new ConfabError('token_expired');
      return { userId, deviceId, issuedAtMs, expiresAtMs, external: null };
    },
  };
}
