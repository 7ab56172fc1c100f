import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAMS, requireProgram } from './programs.mjs';
import { ServicesError } from './services-error.mjs';

const pom = fileURLToPath(new URL('pom.xml', import.meta.url));
const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** The version of Cassandra that is installed and started; pom.xml names it. */
export const CASSANDRA_VERSION =
  /cassandra-all<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1] ?? '';

/** Where what is fetched is kept, and what runs in the background has its files: CONFAB_SERVICES_DIR, or `.services`
 * of the repository.
 * @returns {string}
 */
export function servicesFolder() {
  return resolve(process.env['CONFAB_SERVICES_DIR'] || join(repository, '.services'));
}

/** The folder of Cassandra's jars, whether it is there or not.
 * @returns {string}
 */
export function jarsFolder() {
  return join(servicesFolder(), `cassandra-${CASSANDRA_VERSION}`);
}

/** Whether a Cassandra can be started here: it is installed, and so is its Java.
 * @returns {boolean}
 */
export function isCassandraInstalled() {
  return existsSync(jarsFolder()) && requireJavaOrNull() !== null;
}

function requireJavaOrNull() {
  try {
    return requireProgram(PROGRAMS.java);
  } catch {
    return null;
  }
}

/** Fetches the jars (about 66 MB, once). Throws a ServicesError with what Maven says where that fails.
 * @returns {Promise<'installed' | 'unchanged'>}
 */
export async function installCassandraJars() {
  if (existsSync(jarsFolder())) return 'unchanged';
  requireProgram(PROGRAMS.java);
  const maven = requireProgram(PROGRAMS.maven);
  // Under another name until it is complete: a download that was cut off is never taken for an installation.
  const partial = `${jarsFolder()}.${process.pid}.partial`;
  mkdirSync(dirname(partial), { recursive: true });
  try {
    await runMaven(maven, partial);
    if (!existsSync(jarsFolder())) renameSync(partial, jarsFolder());
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return 'installed';
}

/**
 * @param {string} maven
 * @param {string} folder
 */
async function runMaven(maven, folder) {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'];
  const args = ['--quiet', '--batch-mode', '--strict-checksums', '--file', pom, ...goal];
  const child = spawn(maven, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  const code = await new Promise((settle, reject) => child.once('close', settle).once('error', reject));
  if (code !== 0) {
    throw new ServicesError(
      `Maven did not fetch Cassandra ${CASSANDRA_VERSION} (exit code ${code}). It needs Maven Central, or a mirror in ~/.m2/settings.xml.\n${said.trimEnd()}`,
    );
  }
}
