import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { Tokens } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createDigest } from './digest.ts';
import type { IdentityFault } from './identity-fault.ts';
import { createTokens, type ExternalAlgorithm } from './tokens.ts';

const MINUTE_MS = 60_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const issuer = 'https://product.example';
const audience = 'confab-chat';
const secret = new Uint8Array(32).fill(1);

interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

async function makeKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

const rsa = await makeKey('RS256', 'rsa-1');
const rsaNext = await makeKey('RS256', 'rsa-2');
const elliptic = await makeKey('ES256', 'ec-1');
const edwards = await makeKey('EdDSA', 'ed-1');
const stranger = await makeKey('RS256', 'rsa-1');

/** The product's key endpoint, a real one, and the clock of the verifier. */
let endpoint: ReturnType<typeof Bun.serve>;
let answer: () => Response;
let fetches: number;
let nowMs: number;
let faults: IdentityFault[];

beforeEach(() => {
  fetches = 0;
  nowMs = NOW_MS;
  faults = [];
  answer = () => Response.json({ keys: [rsa, elliptic, edwards].map(({ jwk }) => jwk) });
  endpoint = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      fetches += 1;
      return answer();
    },
  });
});
afterEach(() => endpoint.stop(true));

function open(...algorithms: ExternalAlgorithm[]): Tokens {
  return createTokens({
    secret,
    issuers: [{ issuer, audience, keys: { kind: 'jwks', url: `${endpoint.url.href}keys`, algorithms } }],
    clock: { nowMs: () => nowMs, after: () => () => undefined },
    digest: createDigest(secret),
    onFault: (fault) => faults.push(fault),
  });
}

function sign({ alg, kid, privateKey }: SigningKey, subject = 'ann', header: object = {}): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg, kid, ...header })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setExpirationTime((NOW_MS + 24 * 60 * MINUTE_MS) / 1000)
    .sign(privateKey);
}

async function codeOf(tokens: Tokens, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof ConfabError ? error.code : 'no ConfabError';
  }
}

describe('tokens under a key set', () => {
  for (const key of [rsa, elliptic, edwards]) {
    test(`[TOK1] ${key.alg} is accepted where it is pinned`, async () => {
      const principal = await open(key.alg as ExternalAlgorithm).verify(await sign(key));
      expect(principal).toMatchObject({
        deviceId: null,
        external: null,
        expiresAtMs: NOW_MS + 24 * 60 * MINUTE_MS,
      });
    });

    test(`[TOK1] ${key.alg} is refused where another is pinned`, async () => {
      const others = (['RS256', 'ES256', 'EdDSA'] as const).filter((alg) => alg !== key.alg);
      expect(await codeOf(open(...others), await sign(key))).toBe('unauthenticated');
    });
  }

  test('[TOK1] refused: the public key used as a secret (HS256 for RS256)', async () => {
    const tokens = open('RS256', 'ES256', 'EdDSA');
    const pem = await exportSPKI(rsa.publicKey);
    for (const text of [pem, pem.trim(), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '']) {
      const [, payload = ''] = (await sign(rsa)).split('.');
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: rsa.kid })).toString('base64url');
      const signature = createHmac('sha256', text).update(`${header}.${payload}`).digest('base64url');
      expect(await codeOf(tokens, `${header}.${payload}.${signature}`)).toBe('unauthenticated');
    }
  });

  test('[TOK1] refused: another key of the same name, also where the header carries or names it', async () => {
    const tokens = open('RS256');
    const url = `${endpoint.url.href}evil`;
    for (const header of [{}, { jwk: stranger.jwk }, { jku: url }, { x5u: url }, { kid: undefined }]) {
      expect(await codeOf(tokens, await sign(stranger, 'ann', header))).toBe('unauthenticated');
    }
    expect(fetches).toBe(1);
  });

  test('[TOK1] refused: a key id that is not in the set, at one fetch in 30 seconds', async () => {
    const tokens = open('RS256');
    expect(await codeOf(tokens, await sign(rsa))).toBe('accepted');
    for (const kid of ['../../etc/passwd', "' or 1=1", '__proto__', '']) {
      expect(await codeOf(tokens, await sign({ ...stranger, kid }))).toBe('unauthenticated');
    }
    expect(fetches).toBe(1);
    nowMs += 30_000;
    expect(await codeOf(tokens, await sign({ ...stranger, kid: 'none-such' }))).toBe('unauthenticated');
    expect(await codeOf(tokens, await sign({ ...stranger, kid: 'none-such-2' }))).toBe('unauthenticated');
    expect(fetches).toBe(2);
    expect(faults).toEqual([]);
  });

  test('[TOK1] a new key of the issuer is found when a token names it', async () => {
    const tokens = open('RS256');
    expect(await codeOf(tokens, await sign(rsa))).toBe('accepted');
    answer = () => Response.json({ keys: [rsaNext.jwk] });
    nowMs += 30_000;
    expect(await codeOf(tokens, await sign(rsaNext))).toBe('accepted');
    expect(await codeOf(tokens, await sign(rsa, 'bob'))).toBe('unauthenticated');
  });

  test('[TOK1] a withdrawn key ends its remembered tokens after ten minutes', async () => {
    const tokens = open('RS256');
    const token = await sign(rsa);
    expect(await codeOf(tokens, token)).toBe('accepted');
    answer = () => Response.json({ keys: [rsaNext.jwk] });
    nowMs += 30_000;
    expect(await codeOf(tokens, await sign(rsaNext))).toBe('accepted');
    expect(await codeOf(tokens, token)).toBe('accepted');
    nowMs += 10 * MINUTE_MS;
    expect(await codeOf(tokens, token)).toBe('unauthenticated');
  });
});

describe('key endpoint', () => {
  test('many tokens at once make one fetch', async () => {
    const tokens = open('RS256');
    const many = await Promise.all(Array.from({ length: 50 }, (_, index) => sign(rsa, `user-${index}`)));
    await Promise.all(many.map((token) => tokens.verify(token)));
    expect(fetches).toBe(1);
  });

  const broken: readonly [title: string, response: () => Response][] = [
    ['an error', () => new Response('no', { status: 500 })],
    ['a redirect', () => Response.redirect('https://evil.example/keys', 302)],
    ['no JSON', () => new Response('<html>')],
    ['no key set', () => Response.json({ keys: 'none' })],
  ];
  for (const [title, response] of broken) {
    test(`${title}: the token is not refused but told to come again, and it is tried again after a second`, async () => {
      const good = answer;
      answer = response;
      const tokens = open('RS256');
      const token = await sign(rsa);
      expect(await codeOf(tokens, token)).toBe('unavailable');
      answer = good;
      expect(await codeOf(tokens, token)).toBe('unavailable');
      expect([fetches, faults.length]).toEqual([1, 1]);
      nowMs += 1_000;
      expect(await codeOf(tokens, token)).toBe('accepted');
    });
  }

  test('down for less than an hour, known keys go on; nobody waits for the fetch', async () => {
    const tokens = open('RS256');
    expect(await codeOf(tokens, await sign(rsa, 'ann'))).toBe('accepted');
    answer = () => new Response('no', { status: 503 });
    nowMs += 59 * MINUTE_MS;
    expect(await codeOf(tokens, await sign(rsa, 'bob'))).toBe('accepted');
    nowMs += MINUTE_MS;
    expect(await codeOf(tokens, await sign(rsa, 'eve'))).toBe('unavailable');
  });

  test('keys older than ten minutes are fetched anew', async () => {
    const tokens = open('RS256');
    await tokens.verify(await sign(rsa, 'ann'));
    const fetched = Promise.withResolvers<void>();
    answer = () => {
      fetched.resolve();
      return Response.json({ keys: [rsa.jwk] });
    };
    nowMs += 10 * MINUTE_MS;
    await tokens.verify(await sign(rsa, 'bob'));
    await fetched.promise;
    expect(fetches).toBe(2);
  });
});
