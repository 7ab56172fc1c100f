import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ServicesError } from '@confab/services';

/** The file of the server's own program. */
export const SERVER_MAIN = join(import.meta.dir, '../../../apps/server/src/main.ts');

/** The server's command as this repository runs it; Bun is what runs this. */
export const SERVER_COMMAND = [process.execPath, SERVER_MAIN] as const;

/** Settings and the little else that a node's process is given. */
export type Environment = Readonly<Record<string, string>>;

/** What a process needs of its surroundings; no setting of whoever starts it slips in. */
export function bareEnvironment(): Environment {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'NODE_EXTRA_CA_CERTS'];
  const found = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

/** Makes the keyspace and the tables where they are not there. Throws a ServicesError with what `migrate` says. */
export async function migrate(environment: Environment, logFile: string): Promise<void> {
  const child = Bun.spawn([...SERVER_COMMAND, 'migrate'], {
    env: { ...bareEnvironment(), ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, out + err);
  if (code !== 0)
    throw new ServicesError(`"confab migrate" failed (exit code ${code}):\n${(out + err).trimEnd()}`);
}
