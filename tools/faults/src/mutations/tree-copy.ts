import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Edit } from './mutation.ts';

const ROOT = join(import.meta.dir, '../../../..');
const MODULES = 'node_modules';
/** Installed for this tree: programs of test services are used where they are. */
const LINKED = ['.services'];
/** What a run leaves in a tree, and what no test reads. */
const LEFT_OUT = new Set([
  MODULES,
  '.git',
  'dist',
  '.cache',
  '.confab',
  '.confab-cluster',
  '.bench',
  '.faults',
  'data',
  ...LINKED,
]);
/** The packages of this repository, which must be those of the copy. */
const OWN_SCOPE = '@confab';

/** A copy of this tree that may be changed: its packages find each other in the copy, all others in the original. */
export class TreeCopy {
  readonly #scratch: string;

  /** For a process that is told to end. */
  readonly #removeAtOnce = (): void => rmSync(this.#scratch, { recursive: true, force: true });

  private constructor(scratch: string) {
    this.#scratch = scratch;
  }

  static async make(): Promise<TreeCopy> {
    const copy = new TreeCopy(await mkdtemp(join(await realpath(tmpdir()), 'confab-mutate-')));
    process.once('exit', copy.#removeAtOnce);
    await cp(ROOT, copy.root, { recursive: true, filter: (from) => !LEFT_OUT.has(basename(from)) });
    await mkdir(copy.temporary);
    for (const name of await presentOf(LINKED)) await symlink(join(ROOT, name), join(copy.root, name));
    await copy.#linkModules();
    return copy;
  }

  get root(): string {
    return join(this.#scratch, 'tree');
  }

  /** A folder for what a suite writes, gone with the copy. */
  get temporary(): string {
    return join(this.#scratch, 'tmp');
  }

  /** Applies the edits of one mutation; gives what puts the files back. Throws where an edit does not fit. */
  async apply(edits: readonly Edit[]): Promise<() => Promise<void>> {
    const originals = new Map<string, string>();
    const changed = new Map<string, string>();
    for (const { file, find, replace } of edits) {
      const text = changed.get(file) ?? (await readFile(join(this.root, file), 'utf8'));
      if (!originals.has(file)) originals.set(file, text);
      const [before, after, ...more] = text.split(find);
      if (before === undefined || after === undefined || more.length > 0) {
        throw new Error(`${file}: the text stands there ${text.split(find).length - 1} times: ${find}`);
      }
      changed.set(file, before + replace + after);
    }
    await this.#write(changed);
    return () => this.#write(originals);
  }

  async #write(texts: ReadonlyMap<string, string>): Promise<void> {
    for (const [file, text] of texts) await writeFile(join(this.root, file), text);
  }

  async #linkModules(): Promise<void> {
    const from = join(ROOT, MODULES);
    const to = join(this.root, MODULES);
    await mkdir(join(to, OWN_SCOPE), { recursive: true });
    for (const name of await readdir(from)) {
      if (name !== OWN_SCOPE) await symlink(join(from, name), join(to, name));
    }
    for (const name of await readdir(join(from, OWN_SCOPE))) {
      const original = await realpath(join(from, OWN_SCOPE, name));
      const inCopy = join(this.root, original.slice((await realpath(ROOT)).length));
      await symlink(inCopy, join(to, OWN_SCOPE, name));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#removeAtOnce);
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

async function presentOf(names: readonly string[]): Promise<readonly string[]> {
  const looked = await Promise.allSettled(names.map((name) => lstat(join(ROOT, name))));
  return names.filter((_, index) => looked[index]?.status === 'fulfilled');
}
