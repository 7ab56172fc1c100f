import { describe, expect, test } from 'bun:test';
import type { Tokens } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';

/** Tokens under a clock that the suite drives. */
export interface TokensFixture {
  readonly tokens: Tokens;
  readonly setNow: (nowMs: number) => void;
  /** An embedding product whose HS256 tokens are accepted; null where the adapter takes only its own. */
  readonly product: ProductKey | null;
  close(): Promise<void>;
}

export interface ProductKey {
  readonly issuer: string;
  readonly audience: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const HOUR_MS = 3_600_000;
/** Between the clocks of issuer and server. */
const SKEW_MS = 5_000;
const ann = { userId: 'u-ann', deviceId: 'device-1', expiresAtMs: NOW_MS + HOUR_MS } as const;

/** [TOK1] and [TOK2] over an adapter; `open` gives tokens whose clock stands at `nowMs`. */
export function tokensSuite(adapter: string, open: (nowMs: number) => Promise<TokensFixture>): void {
  const within = async (check: (fixture: TokensFixture) => Promise<void>): Promise<void> => {
    const fixture = await open(NOW_MS);
    try {
      await check(fixture);
    } finally {
      await fixture.close();
    }
  };

  describe(`Tokens: ${adapter}`, () => {
    test('[TOK1] what was signed is what is verified', () =>
      within(async ({ tokens }) => {
        expect(await tokens.verify(await tokens.sign(ann))).toEqual({
          ...ann,
          issuedAtMs: NOW_MS,
          external: null,
        });
      }));

    for (const { title, forge } of ownForgeries) {
      test(`[TOK1] refused: own token, ${title}`, () =>
        within(async ({ tokens }) => {
          const token = await tokens.sign(ann);
          const other = await tokens.sign({ ...ann, userId: 'u-bob' });
          expect(await codeOf(tokens, await forge(token, other))).toBe('unauthenticated');
          // A refusal must leave nothing behind that spoils or helps the next.
          expect(await codeOf(tokens, token)).toBe('accepted');
        }));
    }

    test('[TOK1] refused: any one character of a token exchanged', () =>
      within(async ({ tokens }) => {
        const token = await tokens.sign(ann);
        for (let at = 0; at < token.length; at += 1) {
          const other = token[at] === 'A' ? 'B' : 'A';
          const code = await codeOf(tokens, `${token.slice(0, at)}${other}${token.slice(at + 1)}`);
          if (code !== 'unauthenticated') throw new Error(`character ${at}: ${code}`);
        }
      }));

    test('[TOK2] a token is refused with token_expired once its time is over', () =>
      within(async ({ tokens, setNow }) => {
        const token = await tokens.sign(ann);
        setNow(ann.expiresAtMs - 1);
        expect(await codeOf(tokens, token)).toBe('accepted');
        setNow(ann.expiresAtMs + 1);
        expect(await codeOf(tokens, token)).toBe('token_expired');
      }));

    test('[TOK2] an expired token that is forged too is just refused', () =>
      within(async ({ tokens, setNow }) => {
        const token = await tokens.sign(ann);
        setNow(ann.expiresAtMs + HOUR_MS);
        expect(await codeOf(tokens, withSignature(token, 'A'.repeat(43)))).toBe('unauthenticated');
      }));
  });

  productSuite(adapter, within);
}

type Within = (check: (fixture: TokensFixture) => Promise<void>) => Promise<void>;

function productSuite(adapter: string, within: Within): void {
  /** Where an adapter takes only its own tokens there is nothing to check. */
  const withProduct =
    (check: (tokens: Tokens, product: ProductKey, fixture: TokensFixture) => Promise<void>) => () =>
      within(async (fixture) => {
        if (fixture.product !== null) await check(fixture.tokens, fixture.product, fixture);
      });

  describe(`Tokens of an embedding product: ${adapter}`, () => {
    test(
      '[TOK1] a subject is one user, without a device, with its profile',
      withProduct(async (tokens, product) => {
        const claims = { ...goodClaims(product), name: 'Ann', picture: 'https://example.org/ann.png' };
        const principal = await tokens.verify(await signHs256(goodHeader, claims, product.secret));
        expect(principal).toEqual({
          userId: principal.userId,
          deviceId: null,
          issuedAtMs: principal.issuedAtMs,
          expiresAtMs: NOW_MS + HOUR_MS,
          external: { displayName: 'Ann', picture: 'https://example.org/ann.png' },
        });
        expect(principal.userId).toMatch(/^x[A-Za-z0-9_-]{22}$/);
        const again = await tokens.verify(await signHs256(goodHeader, goodClaims(product), product.secret));
        expect(again.userId).toBe(principal.userId);
        const bob = { ...goodClaims(product), sub: 'bob' };
        expect((await tokens.verify(await signHs256(goodHeader, bob, product.secret))).userId).not.toBe(
          principal.userId,
        );
      }),
    );

    test(
      '[TOK1] one of several audiences may be ours',
      withProduct(async (tokens, product) => {
        const claims = { ...goodClaims(product), aud: ['elsewhere', product.audience] };
        expect(await codeOf(tokens, await signHs256(goodHeader, claims, product.secret))).toBe('accepted');
      }),
    );

    for (const { title, header, claims, key } of productForgeries) {
      test(
        `[TOK1] refused: product's token, ${title}`,
        withProduct(async (tokens, product) => {
          const altered = { ...goodClaims(product), ...claims };
          const token = await signHs256({ ...goodHeader, ...header }, altered, key ?? product.secret);
          expect(await codeOf(tokens, token)).toBe('unauthenticated');
        }),
      );
    }

    for (const alg of ['none', 'None', 'NONE', '']) {
      test(
        `[TOK1] refused: product's token, alg "${alg}" without a signature`,
        withProduct(async (tokens, product) => {
          const unsigned = `${encode({ ...goodHeader, alg })}.${encode(goodClaims(product))}.`;
          expect(await codeOf(tokens, unsigned)).toBe('unauthenticated');
        }),
      );
    }

    test(
      '[TOK2] a token that was verified before is refused once it has run out',
      withProduct(async (tokens, product, { setNow }) => {
        const token = await signHs256(goodHeader, goodClaims(product), product.secret);
        for (const nowMs of [NOW_MS, NOW_MS + 1, NOW_MS + HOUR_MS - 1]) {
          setNow(nowMs);
          expect(await codeOf(tokens, token)).toBe('accepted');
        }
        setNow(NOW_MS + HOUR_MS + 1);
        expect(await codeOf(tokens, token)).toBe('token_expired');
        expect(await codeOf(tokens, token)).toBe('token_expired');
      }),
    );
  });
}

type Forge = (token: string, other: string) => string | Promise<string>;

const ownForgeries: readonly { readonly title: string; readonly forge: Forge }[] = [
  { title: 'empty', forge: () => '' },
  { title: 'dots only', forge: () => '..' },
  { title: 'no token at all', forge: () => 'not-a-token' },
  { title: 'header only', forge: (token) => parts(token)[0] },
  { title: 'without a signature part', forge: (token) => parts(token).slice(0, 2).join('.') },
  { title: 'with an empty signature', forge: (token) => withSignature(token, '') },
  { title: 'with a shortened signature', forge: (token) => token.slice(0, -1) },
  { title: 'with a lengthened signature', forge: (token) => `${token}A` },
  { title: 'with padding', forge: (token) => `${token}=` },
  { title: 'with white space', forge: (token) => ` ${token}\n` },
  { title: 'with a part more', forge: (token) => `${token}.${parts(token)[2]}` },
  { title: 'with the signature of another', forge: (token, other) => withSignature(token, parts(other)[2]) },
  { title: 'with the payload of another', forge: (token, other) => withPayload(token, parts(other)[1]) },
  {
    title: 'over the size limit',
    forge: (token) => withPayload(token, `${parts(token)[1]}${'A'.repeat(8192)}`),
  },
  {
    title: 'alg none and no signature',
    forge: (token) => `${encode({ alg: 'none', typ: 'JWT' })}.${parts(token)[1]}.`,
  },
  {
    title: 'alg none and the old signature',
    forge: (token) => `${encode({ alg: 'none', typ: 'JWT' })}.${parts(token)[1]}.${parts(token)[2]}`,
  },
  {
    title: 'another algorithm in the header',
    forge: (token) => withHeader(token, { alg: 'RS256', typ: 'JWT' }),
  },
  {
    title: 'a key of its own in the header',
    forge: async (token) => {
      const secret = crypto.getRandomValues(new Uint8Array(32));
      const header = { alg: 'HS256', typ: 'JWT', jwk: { kty: 'oct', k: base64url(secret) } };
      return signHs256(header, decode(parts(token)[1]), secret);
    },
  },
  {
    title: 'signed under a key of zeros',
    forge: (token) => signHs256(decode(parts(token)[0]), decode(parts(token)[1]), new Uint8Array(32)),
  },
];

interface ProductForgery {
  readonly title: string;
  readonly header?: object;
  readonly claims?: object;
  /** The product's own where absent. */
  readonly key?: Uint8Array<ArrayBuffer>;
}

const attackerKey = new Uint8Array(32).fill(7);
const nowSeconds = NOW_MS / 1000;

const productForgeries: readonly ProductForgery[] = [
  { title: 'another secret', key: attackerKey },
  {
    title: 'a secret of zeros and a kid that points nowhere',
    key: new Uint8Array(32),
    header: { kid: '../dev/null' },
  },
  {
    title: 'its own key in the header (jwk)',
    key: attackerKey,
    header: { jwk: { kty: 'oct', k: base64url(attackerKey) } },
  },
  {
    title: 'its own key set in the header (jku)',
    key: attackerKey,
    header: { jku: 'https://evil.example/keys' },
  },
  {
    title: 'its own certificate in the header (x5u)',
    key: attackerKey,
    header: { x5u: 'https://evil.example/c' },
  },
  { title: 'alg HS384', header: { alg: 'HS384' } },
  { title: 'alg RS256', header: { alg: 'RS256' } },
  { title: 'alg ES256', header: { alg: 'ES256' } },
  { title: 'alg EdDSA', header: { alg: 'EdDSA' } },
  { title: 'alg hs256 in small letters', header: { alg: 'hs256' } },
  { title: 'alg that is no text', header: { alg: ['HS256'] } },
  { title: 'no alg', header: { alg: undefined } },
  { title: 'critical header we do not know', header: { crit: ['exp2'], exp2: 1 } },
  { title: 'unencoded payload', header: { crit: ['b64'], b64: false } },
  { title: 'another issuer', claims: { iss: 'https://elsewhere.example' } },
  { title: 'our own issuer', claims: { iss: 'confab', aud: 'confab', did: 'device-1' } },
  { title: 'an issuer named like a property of objects', claims: { iss: '__proto__' } },
  { title: 'no issuer', claims: { iss: undefined } },
  { title: 'an issuer that is no text', claims: { iss: ['a'] } },
  { title: 'another audience', claims: { aud: 'elsewhere' } },
  { title: 'other audiences', claims: { aud: ['elsewhere', 'nowhere'] } },
  { title: 'no audience', claims: { aud: undefined } },
  { title: 'no expiry', claims: { exp: undefined } },
  { title: 'an expiry that is no number', claims: { exp: '9999999999' } },
  { title: 'an expiry beyond all numbers', claims: { exp: 1e300 } },
  { title: 'no subject', claims: { sub: undefined } },
  { title: 'an empty subject', claims: { sub: '' } },
  { title: 'a subject that is no text', claims: { sub: 7 } },
  { title: 'a subject without UTF-8', claims: { sub: '\ud800' } },
  { title: 'a subject of 257 characters', claims: { sub: 's'.repeat(257) } },
  { title: 'not yet valid', claims: { nbf: nowSeconds + SKEW_MS / 1000 + 1 } },
  { title: 'not before that is no number', claims: { nbf: 'tomorrow' } },
  { title: 'over the size limit', claims: { padding: 'p'.repeat(8192) } },
];

const goodHeader = { alg: 'HS256', typ: 'JWT' } as const;

function goodClaims({ issuer, audience }: ProductKey): Record<string, unknown> {
  return {
    iss: issuer,
    aud: audience,
    sub: 'ann',
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: (NOW_MS + HOUR_MS) / 1000,
  };
}

/** Signs whatever it is given: the suite's own, so that it shares no mistake with what it checks. */
async function signHs256(header: object, claims: object, secret: Uint8Array<ArrayBuffer>): Promise<string> {
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

async function codeOf(tokens: Tokens, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof ConfabError ? error.code : 'no ConfabError';
  }
}

function parts(token: string): [string, string, string] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature];
}

function withHeader(token: string, header: object): string {
  return [encode(header), ...parts(token).slice(1)].join('.');
}

function withPayload(token: string, payload: string): string {
  const [header, , signature] = parts(token);
  return `${header}.${payload}.${signature}`;
}

function withSignature(token: string, signature: string): string {
  return [...parts(token).slice(0, 2), signature].join('.');
}

function encode(value: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function decode(part: string): object {
  return JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/'))) as object;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
