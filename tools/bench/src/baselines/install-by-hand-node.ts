import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const manifest = join(import.meta.dir, 'by-hand/package.json');
/** Ignored by git, and kept from run to run. */
const folder = join(import.meta.dir, '../../../../.bench/by-hand-node');
const HOW =
  'by-hand-node is left out: its packages could not be installed. It needs Node 20 or newer, the network, ' +
  'and where there is no prebuilt better-sqlite3 a C++ compiler; then `npm run bench` installs them.';

type Installing = { readonly mayInstall: boolean; readonly say: (text: string) => void };

let installed: Promise<string | null> | undefined;

/** The folder in which the packages of `by-hand-node` stand, installed where they are missing; null where they cannot be. */
export async function installByHandNode(installing: Installing): Promise<string | null> {
  installed ??= install(installing);
  return await installed;
}

async function install({ mayInstall, say }: Installing): Promise<string | null> {
  if (await loads()) return folder;
  if (!mayInstall) {
    say('by-hand-node is left out: its packages are not installed, which any run at full size does');
    return null;
  }
  say('installing `ws` and better-sqlite3 for by-hand-node, once (a minute or two where it is compiled)');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(manifest, join(folder, 'package.json'));
  const isInstalled = await succeeds(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error']);
  if (isInstalled && (await loads())) return folder;
  say(HOW);
  return null;
}

/** Whether Node loads them, in the versions that the manifest asks for. */
async function loads(): Promise<boolean> {
  const wanted: unknown = await Bun.file(manifest).json();
  const given: unknown = await Bun.file(join(folder, 'package.json'))
    .json()
    .catch(() => null);
  if (!Bun.deepEquals(wanted, given)) return false;
  const script = `const { createRequire } = require('node:module'); const load = createRequire(process.cwd() + '/');
    new (load('better-sqlite3'))(':memory:').close(); load('ws');`;
  return await succeeds(['node', '--eval', script]);
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  try {
    const child = Bun.spawn([...command], {
      cwd: folder,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    });
    return (await child.exited) === 0;
  } catch {
    return false;
  }
}
