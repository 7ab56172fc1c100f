import { externalUserId, type Digest, type Principal } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { isSubject, profileOf } from './external-user.ts';
import type { IdentityFault } from './identity-fault.ts';
import { CLOCK_SKEW_MS } from './token-bounds.ts';

/** One embedding product as verification needs it. */
export interface KnownIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly findKey: JWTVerifyGetKey;
  /** How long a verified token may be taken at its word, milliseconds. */
  readonly trustMs: number;
}

export interface VerifiedExternal {
  readonly principal: Principal;
  readonly untilMs: number;
}

export interface ExternalTokensConfig {
  readonly issuers: readonly KnownIssuer[];
  readonly digest: Digest;
  readonly onFault: (fault: IdentityFault) => void;
}

/**
 * Tokens of embedding products. The issuer a token names only chooses the row it is checked against: key, algorithms
 * and audience are that row's, and what the header says of keys (`jwk`, `jku`, `x5u`, `x5c`) is not read.
 */
export class ExternalTokens {
  readonly #issuers: ReadonlyMap<string, KnownIssuer>;
  readonly #digest: Digest;
  readonly #onFault: (fault: IdentityFault) => void;

  constructor(config: ExternalTokensConfig) {
    this.#issuers = new Map(config.issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#digest = config.digest;
    this.#onFault = config.onFault;
  }

  async verify(token: string, nowMs: number): Promise<VerifiedExternal> {
    const issuer = this.#issuers.get(namedIssuer(token));
    if (issuer === undefined) throw new ConfabError('unauthenticated');
    const claims = await this.#check(token, issuer, nowMs);
    const expiresAtMs = Math.round((claims.exp ?? Number.NaN) * 1000);
    if (!isSubject(claims.sub) || !Number.isSafeInteger(expiresAtMs))
      throw new ConfabError('unauthenticated');
    // The tolerance is for clocks that are behind the issuer's; nobody is let in late.
    if (nowMs >= expiresAtMs) throw new ConfabError('token_expired');
    return {
      principal: {
        userId: externalUserId(this.#digest, issuer.issuer, claims.sub),
        deviceId: null,
        issuedAtMs: Math.round((claims.iat ?? 0) * 1000),
        expiresAtMs,
        external: profileOf(claims['name'], claims['picture']),
      },
      untilMs: Math.min(expiresAtMs, nowMs + issuer.trustMs),
    };
  }

  async #check(token: string, issuer: KnownIssuer, nowMs: number): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, issuer.findKey, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: [...issuer.algorithms],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_SKEW_MS / 1000,
        currentDate: new Date(nowMs),
      });
      return payload;
    } catch (error) {
      if (error instanceof ConfabError) throw error;
      if (error instanceof errors.JWTExpired) throw new ConfabError('token_expired');
      // Anything but jose's own refusals is about the keys we were given, not about the token.
      if (!(error instanceof errors.JOSEError)) this.#onFault({ where: 'identity/external-tokens', error });
      throw new ConfabError('unauthenticated');
    }
  }
}

function namedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    throw new ConfabError('unauthenticated');
  }
}
