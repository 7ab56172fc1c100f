// Makes sure the dependencies in node_modules are the ones package-lock.json names, and finds the bun binary.
// Plain JavaScript over node's own modules: on a fresh clone nothing else exists yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const NODE_MINIMUM = [20, 19];
const BUN_BINARY_BYTES_MIN = 1_000_000;
const stampFile = join(root, 'node_modules', '.confab-lock-hash');

/** A failure whose message is all a person needs: printed without a stack. */
export class SetupError extends Error {}

/** Installs what is missing and returns the path of the bun binary. Unchanged since last time: costs a few milliseconds. */
export async function install() {
  checkNodeVersion(process.versions.node);
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  if (readIfThere(stampFile) !== lockHash) {
    if (!isInstalled(JSON.parse(lockText))) await runNpmCi();
    writeFileSync(stampFile, lockHash);
  }
  return findBun();
}

/** Throws where this Node cannot run the tools. */
export function checkNodeVersion(version) {
  const [major, minor] = version.split('.').map(Number);
  const [majorMin, minorMin] = NODE_MINIMUM;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new SetupError(
    `Confab needs Node ${NODE_MINIMUM.join('.')} or newer to install and build; this is Node ${version}.\n` +
      'Install a newer one (https://nodejs.org, or "nvm install" in this folder) and run the command again.',
  );
}

/** npm keeps what it installed in a lockfile of its own; somebody who ran "npm ci" by hand need not wait for it twice. */
function isInstalled(lock) {
  const hidden = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === undefined) return false;
  const installed = JSON.parse(hidden).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.optional || wanted.devOptional || wanted.peer) return true;
    const found = installed[path];
    return found !== undefined && found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

async function runNpmCi() {
  console.log('Installing dependencies (npm ci). The first time this takes a minute or so.');
  const npm = process.env.npm_execpath;
  const ci = ['ci', '--include=dev', '--no-audit', '--no-fund', '--progress=true'];
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...ci]] : ['npm', ci];
  const child = spawn(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: command === 'npm' && isWindows(),
  });
  const code = await exitOf(child);
  if (code !== 0) {
    throw new SetupError(
      `"npm ci" failed (exit code ${code}): see its message above. It needs the npm registry; behind a proxy set HTTPS_PROXY.`,
    );
  }
}

/**
 * The bun binary. npm puts it in place with an install script; where scripts are blocked the placeholder stays and
 * the binary is still in the package of the platform.
 */
export function findBun() {
  const platformPackages = join(root, 'node_modules', '@oven');
  const candidates = [join(root, 'node_modules', 'bun', 'bin', 'bun.exe')];
  if (existsSync(platformPackages)) {
    for (const name of readdirSync(platformPackages)) {
      if (!name.startsWith('bun-')) continue;
      candidates.push(join(platformPackages, name, 'bin', isWindows() ? 'bun.exe' : 'bun'));
    }
  }
  const found = candidates.find((file) => existsSync(file) && statSync(file).size >= BUN_BINARY_BYTES_MIN);
  if (found !== undefined) return found;
  throw new SetupError(
    `The bun binary is not in node_modules (looked in ${candidates.length} places for ${process.platform}-${process.arch}).\n` +
      'npm may have left out optional dependencies or blocked install scripts. Try:\n' +
      '  npm ci --include=optional && npm rebuild bun',
  );
}

/** Runs main, and turns a SetupError into its message and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** True where this module is the one node was asked to run. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && fileURLToPath(moduleUrl) === realpathSync(process.argv[1]);
}

/** The exit code of a child; 128 + n where a signal ended it, as a shell says it. */
export function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 0)));
  });
}

/** The path of a command-line tool that a dependency brings, run with node so that it works on every system. */
export function toolOf(packageName, commandName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[commandName ?? packageName]);
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function isWindows() {
  return process.platform === 'win32';
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await install();
  });
}
