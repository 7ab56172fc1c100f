import { createHmac } from 'node:crypto';

/** What the scenarios give the server as an embedding product. */
export const PRODUCT = {
  issuer: 'https://product.example',
  audience: 'confab-faults',
  secret: 'the secret of the embedding product, 32+',
  apiKey: 'the-key-of-the-back-end-of-the-product',
} as const;

type Claims = { readonly [claim: string]: unknown };

/** An access token of the embedding product for `subject`, valid for `seconds` from now. */
export function tokenFor(subject: string, seconds = 3600): string {
  return signed({ alg: 'HS256', typ: 'JWT' }, claimsFor(subject, seconds), PRODUCT.secret);
}

export function claimsFor(subject: string, seconds = 3600): Claims {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return { iss: PRODUCT.issuer, aud: PRODUCT.audience, sub: subject, exp: nowSeconds + seconds };
}

export function signed(header: Claims, claims: Claims, secret: string): string {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** A token that says it needs no signature. */
export function unsigned(claims: Claims): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
