import { createHmac } from 'node:crypto';

/** The product in which every server of a bench is embedded: its users are made with its key, and sign in with its tokens. */
export const PRODUCT = {
  issuer: 'https://product.example',
  audience: 'confab-bench',
  secret: 'the secret of the embedding product, 32+',
  apiKey: 'the-key-of-the-back-end-of-the-product',
} as const;

const TOKEN_SECONDS = 24 * 3_600;
const HEADER = encoded({ alg: 'HS256', typ: 'JWT' });

/** An access token for the user that the product calls `subject`. */
export function tokenFor(subject: string): string {
  const expires = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
  const claims = encoded({ iss: PRODUCT.issuer, aud: PRODUCT.audience, sub: subject, exp: expires });
  const signature = createHmac('sha256', PRODUCT.secret).update(`${HEADER}.${claims}`).digest('base64url');
  return `${HEADER}.${claims}.${signature}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
