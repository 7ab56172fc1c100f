import { createSecretKey } from 'node:crypto';
import type { Clock, Digest, Principal, Tokens } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { ExternalTokens, type KnownIssuer } from './external-tokens.ts';
import type { IdentityFault } from './identity-fault.ts';
import { deriveTokenKey, isOwnToken, OWN_ISSUER, signOwnToken, verifyOwnToken } from './own-token.ts';
import { RemoteKeys } from './remote-keys.ts';
import { requireSecret } from './secret-file.ts';
import { FETCHED_KEY_TRUST_MS, TOKEN_CHARACTERS_MAX, VERIFIED_TOKENS_MAX } from './token-bounds.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const EXTERNAL_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
const ISSUER_CHARACTERS_MAX = 256;

/** What a key set may be pinned to. */
export type ExternalAlgorithm = (typeof EXTERNAL_ALGORITHMS)[number];

/** A product that embeds Confab and signs the tokens of its users. */
export interface ExternalIssuer {
  /** The `iss` of its tokens, at most 256 characters. */
  readonly issuer: string;
  /** What `aud` must be or contain. */
  readonly audience: string;
  readonly keys:
    /** HS256 under a shared secret of at least 32 bytes. */
    | { readonly kind: 'secret'; readonly secret: Uint8Array }
    /** Public keys behind a URL: https, or http to this machine. */
    | { readonly kind: 'jwks'; readonly url: string; readonly algorithms: readonly ExternalAlgorithm[] };
}

export interface TokensConfig {
  /** The installation's secret, at least 32 bytes. */
  readonly secret: Uint8Array;
  /** Embedding products; none for the stand-alone product. */
  readonly issuers: readonly ExternalIssuer[];
  readonly clock: Clock;
  readonly digest: Digest;
  readonly onFault: (fault: IdentityFault) => void;
}

/**
 * Access tokens: ours and those of embedding products. Besides the port's errors `verify` throws `unavailable` where an
 * issuer's keys cannot be fetched. A configuration that could not be safe is an Error at once.
 */
export function createTokens(config: TokensConfig): Tokens {
  const { clock, digest, onFault } = config;
  const key = deriveTokenKey(requireSecret(config.secret, "The installation's secret"));
  const issuers = config.issuers.map((issuer) => knownIssuer(issuer, config));
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length) {
    throw new Error('An issuer of tokens is configured twice.');
  }
  const external = new ExternalTokens({ issuers, digest, onFault });
  const verified = new VerifiedTokens(digest, VERIFIED_TOKENS_MAX);

  const verify = async (token: string): Promise<Principal> => {
    if (token.length > TOKEN_CHARACTERS_MAX) throw new ConfabError('unauthenticated');
    const nowMs = clock.nowMs();
    // Ours are not remembered: that would save 1.5 us of 2, and cost 300 bytes for each.
    if (isOwnToken(token)) return verifyOwnToken(key, token, nowMs);
    const known = verified.get(token, nowMs);
    if (known !== null) return known;
    const { principal, untilMs } = await external.verify(token, nowMs);
    verified.put(token, principal, untilMs);
    return principal;
  };

  return { sign: async (claims) => signOwnToken(key, claims, clock.nowMs()), verify };
}

function knownIssuer(
  { issuer, audience, keys }: ExternalIssuer,
  { clock, onFault }: TokensConfig,
): KnownIssuer {
  if (
    issuer === '' ||
    issuer === OWN_ISSUER ||
    issuer.length > ISSUER_CHARACTERS_MAX ||
    !issuer.isWellFormed()
  ) {
    throw new Error(`"${issuer}" cannot be the issuer of an embedding product.`);
  }
  if (audience === '') throw new Error(`The issuer "${issuer}" needs an audience.`);
  switch (keys.kind) {
    case 'secret': {
      const secret = createSecretKey(requireSecret(keys.secret, `The secret of the issuer "${issuer}"`));
      return { issuer, audience, algorithms: ['HS256'], findKey: async () => secret, trustMs: Infinity };
    }
    case 'jwks': {
      const remote = new RemoteKeys(keySetUrl(keys.url, issuer), clock, onFault);
      const algorithms = pinned(keys.algorithms, issuer);
      return { issuer, audience, algorithms, findKey: remote.find, trustMs: FETCHED_KEY_TRUST_MS };
    }
  }
}

/** Whoever can change the key set on its way can sign for anybody. */
function keySetUrl(text: string, issuer: string): URL {
  const url = URL.parse(text);
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) return url;
  throw new Error(`The key set URL of the issuer "${issuer}" must begin with https.`);
}

function pinned(algorithms: readonly ExternalAlgorithm[], issuer: string): readonly ExternalAlgorithm[] {
  const isKnown = algorithms.every((algorithm) => EXTERNAL_ALGORITHMS.includes(algorithm));
  if (algorithms.length > 0 && isKnown) return algorithms;
  throw new Error(
    `The algorithms of the issuer "${issuer}" must be some of ${EXTERNAL_ALGORITHMS.join(', ')}.`,
  );
}
