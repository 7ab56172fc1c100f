// "npm run lockfile": completes package-lock.json after "npm install".
//
// A registry mirror may carry the binaries of some platforms only. npm then leaves the others out of the lockfile
// without a word, and "npm ci" refuses the lockfile everywhere. This adds the entries that are missing: the exact
// version that the parent asks for, and the platform that the name says. `--check` only says what is missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, root, runMain } from './install.mjs';

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

await runMain(() => {
  const file = join(root, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock.packages);
  if (missing.length === 0) {
    console.log('package-lock.json names every optional dependency.');
    return 0;
  }
  if (process.argv.includes('--check')) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new SetupError(
      `package-lock.json lacks ${missing.length} packages: run "npm run lockfile".\n${names}`,
    );
  }
  for (const { name, range, dev } of missing)
    lock.packages[`node_modules/${name}`] = entryFor(name, range, dev);
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`Added ${missing.length} packages of other platforms to package-lock.json.`);
  return 0;
});

function missingOptional(packages) {
  const missing = new Map();
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (!isReachable(packages, path, name)) missing.set(name, { name, range, dev });
    }
  }
  return [...missing.values()];
}

/** Whether a package at `path` finds `name` by walking up, as Node does. */
function isReachable(packages, path, name) {
  for (let at = path; ;) {
    const prefix = at === '' ? '' : `${at}/`;
    if (packages[`${prefix}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
    at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1));
  }
}

function entryFor(name, range, dev) {
  const words = name.split(/[-/]/);
  const pick = (known) => words.filter((word) => known.includes(word));
  const os = pick(SYSTEMS);
  const cpu = pick(PROCESSORS);
  const libc = words.filter((word) => word in LIBRARIES).map((word) => LIBRARIES[word]);
  if (os.length === 0 && cpu.length === 0) {
    throw new SetupError(`${name}: no platform in its name. Add it to package-lock.json by hand.`);
  }
  return {
    version: range.replace(/^[\^~=]/, ''),
    ...(cpu.length > 0 && { cpu }),
    ...(dev === true && { dev }),
    ...(os.includes('linux') && libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}
