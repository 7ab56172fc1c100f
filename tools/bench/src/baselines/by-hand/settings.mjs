import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** What the bench tells every server, by the names that Confab has for it. */
export function settings() {
  const { env, argv } = process;
  const dataDir = env.CONFAB_DATA_DIR;
  mkdirSync(dataDir, { recursive: true });
  return {
    port: Number(env.CONFAB_PORT ?? '0'),
    databasePath: join(dataDir, 'by-hand.sqlite'),
    apiKey: env.CONFAB_API_KEY,
    issuer: {
      issuer: env.CONFAB_JWT_ISSUER,
      audience: env.CONFAB_JWT_AUDIENCE,
      secret: env.CONFAB_JWT_SECRET,
    },
    commitsInGroups: argv.includes('--group-commit'),
    /** What may wait for a slow reader before it is cut off: it comes back and resumes. */
    waitingBytesMax: 1024 * 1024,
  };
}
