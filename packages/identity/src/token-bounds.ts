/** A token is read only up to this; longer ones are refused unread. */
export const TOKEN_CHARACTERS_MAX = 8192;
/** How far ahead of the server a product's clock may be (`nbf`, `iat`). An expiry has no such grace. */
export const CLOCK_SKEW_MS = 5_000;
/** Verified tokens of embedding products that are remembered. */
export const VERIFIED_TOKENS_MAX = 50_000;
/** A token under a fetched key is verified anew after this, so that a withdrawn key ends its tokens. */
export const FETCHED_KEY_TRUST_MS = 600_000;
