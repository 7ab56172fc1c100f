import { describe, expect, test } from 'bun:test';
import { tokensSuite, type TokensFixture } from '@confab/contracts/conformance';
import { SignJWT } from 'jose';
import { createDigest } from './digest.ts';
import { createTokens, type ExternalIssuer, type TokensConfig } from './tokens.ts';

const secret = new Uint8Array(32).fill(1);
const product = {
  issuer: 'https://product.example',
  audience: 'confab-chat',
  secret: new Uint8Array(32).fill(2),
};
const digest = createDigest(secret);

async function open(nowMs: number): Promise<TokensFixture> {
  let now = nowMs;
  const { issuer, audience } = product;
  const tokens = createTokens({
    ...config([{ issuer, audience, keys: { kind: 'secret', secret: product.secret } }]),
    clock: { nowMs: () => now, after: () => () => undefined },
  });
  return {
    tokens,
    setNow: (next) => {
      now = next;
    },
    product,
    close: async () => undefined,
  };
}

function config(issuers: readonly ExternalIssuer[]): TokensConfig {
  return {
    secret,
    issuers,
    clock: { nowMs: () => Date.now(), after: () => () => undefined },
    digest,
    onFault: ({ error }) => {
      throw error;
    },
  };
}

tokensSuite('identity', open);

describe('configuration of tokens', () => {
  const good: ExternalIssuer = { issuer: 'a', audience: 'b', keys: { kind: 'secret', secret } };
  const jwks = (url: string, algorithms: readonly string[] = ['RS256']): ExternalIssuer =>
    ({ issuer: 'a', audience: 'b', keys: { kind: 'jwks', url, algorithms } }) as ExternalIssuer;

  const refused: readonly [title: string, issuers: readonly ExternalIssuer[], message: RegExp][] = [
    ['a short secret', [{ ...good, keys: { kind: 'secret', secret: new Uint8Array(31) } }], /at least 32/],
    ['our own name', [{ ...good, issuer: 'confab' }], /cannot be the issuer/],
    ['no name', [{ ...good, issuer: '' }], /cannot be the issuer/],
    ['no audience', [{ ...good, audience: '' }], /needs an audience/],
    ['one issuer twice', [good, { ...good, audience: 'c' }], /twice/],
    ['keys over http', [jwks('http://product.example/keys')], /https/],
    [
      'keys over http from a name that only begins like ours',
      [jwks('http://localhost.evil.example/')],
      /https/,
    ],
    ['keys from no URL', [jwks('keys')], /https/],
    ['keys from a file', [jwks('file:///etc/keys')], /https/],
    ['no algorithm', [jwks('https://product.example/keys', [])], /algorithms/],
    [
      'a symmetric algorithm for public keys',
      [jwks('https://product.example/keys', ['HS256'])],
      /algorithms/,
    ],
    ['no signature at all', [jwks('https://product.example/keys', ['none'])], /algorithms/],
  ];
  for (const [title, issuers, message] of refused) {
    test(`[TOK1] refused: ${title}`, () => expect(() => createTokens(config(issuers))).toThrow(message));
  }

  test('[TOK1] the same subject of two issuers is two users', async () => {
    const issuers = ['one', 'two'].map((issuer) => ({ ...good, issuer }));
    const tokens = createTokens(config(issuers));
    const [one, two, again] = await Promise.all(
      ['one', 'two', 'one'].map(async (issuer) => {
        const token = await new SignJWT({ sub: 'ann' })
          .setProtectedHeader({ alg: 'HS256' })
          .setIssuer(issuer)
          .setAudience('b')
          .setExpirationTime('1h')
          .sign(secret);
        return (await tokens.verify(token)).userId;
      }),
    );
    expect(one).toBe(again as string);
    expect(one).not.toBe(two as string);
  });

  test('[TOK1] refused: a short secret of the installation', () => {
    expect(() => createTokens({ ...config([]), secret: new Uint8Array(31) })).toThrow(/at least 32/);
  });

  test('[TOK1] another installation has other tokens', async () => {
    const claims = { userId: 'u', deviceId: 'd', expiresAtMs: Date.now() + 60_000 };
    const elsewhere = createTokens({ ...config([]), secret: new Uint8Array(32).fill(9) });
    const token = await elsewhere.sign(claims);
    expect(
      await createTokens(config([]))
        .verify(token)
        .catch((error: unknown) => error),
    ).toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('[TOK1] the keyed digest of a text is not the signature of a token', async () => {
    const token = await createTokens(config([])).sign({
      userId: 'u',
      deviceId: 'd',
      expiresAtMs: Date.now() + 60_000,
    });
    const dot = token.lastIndexOf('.');
    const forged = `${token.slice(0, dot)}.${digest.keyed(token.slice(0, dot))}`;
    expect(forged).not.toBe(token);
    expect(
      await createTokens(config([]))
        .verify(forged)
        .catch((error: unknown) => error),
    ).toMatchObject({
      code: 'unauthenticated',
    });
  });
});
