// Builds the web app into apps/web/dist, if what it is made of changed since the last build.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { SetupError, exitOf, install, isMain, root, runMain, toolOf } from './install.mjs';

const web = join(root, 'apps', 'web');
const stampFile = join(web, 'dist', '.build-hash');
const SOURCES = [
  'apps/web',
  'packages/client',
  'packages/conversation',
  'packages/protocol',
  'package-lock.json',
  'tsconfig.base.json',
];
const NOT_A_SOURCE = /(^|\/)(dist|node_modules|fixtures|tests)$|\.test\.tsx?$|\.md$/;

/** Returns 'built', 'unchanged' or 'missing' (no web app in this tree). */
export async function buildWeb() {
  if (!existsSync(join(web, 'index.html'))) return 'missing';
  const hash = hashSources();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return 'unchanged';
  console.log('Building the web app (vite build).');
  const child = spawn(process.execPath, [toolOf('vite'), 'build', '--logLevel', 'warn'], {
    cwd: web,
    stdio: 'inherit',
    // Whatever runs this, what it builds is what people get.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const code = await exitOf(child);
  if (code !== 0)
    throw new SetupError(`The web app did not build (exit code ${code}): see the message above.`);
  writeFileSync(stampFile, hash);
  return 'built';
}

function hashSources() {
  const hash = createHash('sha256');
  for (const source of SOURCES) addToHash(hash, join(root, source));
  return hash.digest('hex');
}

function addToHash(hash, path) {
  const name = relative(root, path).replaceAll('\\', '/');
  if (NOT_A_SOURCE.test(name)) return;
  const entries = entriesOf(path);
  if (entries === undefined) {
    const bytes = readFileSync(path);
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
    return;
  }
  for (const entry of entries) addToHash(hash, join(path, entry));
}

/** The sorted names in a folder; undefined for a file. */
function entriesOf(path) {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await install();
    if ((await buildWeb()) === 'missing')
      throw new SetupError('apps/web/index.html is missing: nothing to build.');
  });
}
