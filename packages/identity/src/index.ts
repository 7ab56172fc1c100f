export { createClock } from './clock.ts';
export { createDigest } from './digest.ts';
export type { IdentityFault } from './identity-fault.ts';
export { createPasswordHasher, type PasswordHasherBounds } from './password-hasher.ts';
export { createRandom } from './random.ts';
export { loadOrCreateSecret, loadSecret } from './secret-file.ts';
export { createTokens, type ExternalAlgorithm, type ExternalIssuer, type TokensConfig } from './tokens.ts';
