import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ServicesError } from './services-error.mjs';

/**
 * @typedef {object} Program
 * @property {string} name  as people call it
 * @property {readonly string[]} commands  its possible names on the PATH; the first one found is taken
 * @property {string} use  what the project does with it
 * @property {string} aptPackage  what brings it on Debian and Ubuntu
 */

/** The one version of Java that Cassandra 5.0 runs on and that its options here are written for. */
const JAVA_MAJOR = 17;

/**
 * What the services, their tests and the browser tests use and npm cannot bring.
 * @satisfies {Record<string, Program>}
 */
export const PROGRAMS = {
  java: {
    name: `Java ${JAVA_MAJOR}`,
    commands: ['java'],
    use: 'runs Cassandra',
    aptPackage: 'openjdk-17-jre-headless',
  },
  maven: { name: 'Maven', commands: ['mvn'], use: "fetches Cassandra's jars", aptPackage: 'maven' },
  redis: {
    name: 'Redis',
    commands: ['redis-server'],
    use: 'registry and bus between nodes',
    aptPackage: 'redis-server',
  },
  haproxy: {
    name: 'HAProxy',
    commands: ['haproxy'],
    use: 'the balancer in front of nodes',
    aptPackage: 'haproxy',
  },
  chromium: {
    name: 'Chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    use: 'tests of the web app in a real browser',
    aptPackage: 'chromium',
  },
  strace: {
    name: 'strace',
    commands: ['strace'],
    use: 'the test that a message is synced before it is acknowledged',
    aptPackage: 'strace',
  },
};

/** The path of a program, or null where it is not installed. HAProxy lives in sbin, which not every PATH has.
 * @param {Program} program
 * @returns {string | null}
 */
export function findProgram(program) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const candidates = program.commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  if (program === PROGRAMS.java && process.env['JAVA_HOME'])
    candidates.unshift(join(process.env['JAVA_HOME'], 'bin', 'java'));
  const found = candidates.find(isExecutable) ?? null;
  if (found !== null && program === PROGRAMS.java && javaMajor(found) !== JAVA_MAJOR) return null;
  return found;
}

/** The path of a program. Throws a ServicesError that says how to get it where it is missing.
 * @param {Program} program
 * @returns {string}
 */
export function requireProgram(program) {
  const found = findProgram(program);
  if (found !== null) return found;
  throw new ServicesError(`${describeMissing(program)}\nOn Debian, as root: ${aptCommand([program])}`);
}

/** The programs of the table that are not installed.
 * @returns {readonly Program[]}
 */
export function missingPrograms() {
  return Object.values(PROGRAMS).filter((program) => {
    if (program === PROGRAMS.chromium && process.env['CONFAB_CHROMIUM']) return false;
    return findProgram(program) === null;
  });
}

/** One line that a person understands.
 * @param {Program} program
 */
export function describeMissing({ name, commands, use }) {
  return `${name} is missing (${commands.join(' or ')} on the PATH): ${use}.`;
}

/** @param {readonly Program[]} programs */
export function aptCommand(programs) {
  const packages = programs.map(({ aptPackage }) => aptPackage).join(' ');
  return `apt-get update && apt-get install -y --no-install-recommends ${packages}`;
}

/** Whether this process may install packages of the system.
 * @returns {boolean}
 */
export function canInstallPackages() {
  const apt = { name: 'apt', commands: ['apt-get'], use: '', aptPackage: '' };
  return process.getuid?.() === 0 && findProgram(apt) !== null;
}

/** Installs packages of the system; what they print goes to standard error. Throws where that fails.
 * @param {readonly Program[]} programs
 */
export function installPackages(programs) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('sh', ['-c', aptCommand(programs)], { env, stdio: ['ignore', 2, 2] });
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} java */
function javaMajor(java) {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1]);
}
