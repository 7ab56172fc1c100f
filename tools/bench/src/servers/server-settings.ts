import { PRODUCT } from './product.ts';

/** Settings of a server by their names. */
export type Settings = Readonly<Record<string, string>>;

/** What every server of a bench is given, and every baseline too, which takes of it what it knows. */
export const SERVER_SETTINGS: Settings = {
  CONFAB_HOST: '127.0.0.1',
  CONFAB_RATE_LIMITS: 'off',
  CONFAB_LOG_LEVEL: 'warn',
  CONFAB_JWT_ISSUER: PRODUCT.issuer,
  CONFAB_JWT_AUDIENCE: PRODUCT.audience,
  CONFAB_JWT_SECRET: PRODUCT.secret,
  CONFAB_API_KEY: PRODUCT.apiKey,
};
