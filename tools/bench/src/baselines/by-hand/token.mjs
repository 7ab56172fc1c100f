import { createHmac, timingSafeEqual } from 'node:crypto';

/** Checks HS256 tokens of one issuer; gives their subject, or throws. */
export function tokenVerifier({ issuer, audience, secret }) {
  return (token) => {
    const [head, claims, signature, ...more] = String(token).split('.');
    if (signature === undefined || more.length > 0) throw new Error('unauthenticated');
    const expected = createHmac('sha256', secret).update(`${head}.${claims}`).digest();
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Error('unauthenticated');
    if (parse(head).alg !== 'HS256') throw new Error('unauthenticated');
    const { iss, aud, sub, exp } = parse(claims);
    if (iss !== issuer || aud !== audience || typeof sub !== 'string') throw new Error('unauthenticated');
    if (exp * 1000 < Date.now()) throw new Error('token_expired');
    return sub;
  };
}

function parse(part) {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
