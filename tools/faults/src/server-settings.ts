import { PRODUCT } from './jwt.ts';
import { serverThreads } from './topology.ts';

/** Settings of the server by their names. */
export type Environment = Readonly<Record<string, string>>;

/** What every server of the scenarios is given. */
export const SERVER_SETTINGS: Environment = {
  CONFAB_WORKERS: String(serverThreads),
  CONFAB_RATE_LIMITS: 'off',
  CONFAB_LOG_LEVEL: 'warn',
  CONFAB_JWT_ISSUER: PRODUCT.issuer,
  CONFAB_JWT_AUDIENCE: PRODUCT.audience,
  CONFAB_JWT_SECRET: PRODUCT.secret,
  CONFAB_API_KEY: PRODUCT.apiKey,
};
