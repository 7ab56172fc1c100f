import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a repository, by their path from its root. */
export type Tree = {
  readonly files: readonly string[];
  readonly has: (path: string) => boolean;
  readonly read: (path: string) => string;
};

/** One thing that is wrong: where, what, and what to do about it. */
export type Violation = {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly fix: string;
};

/** Nothing under these is checked: fixtures break rules on purpose. */
const NOT_CHECKED = /(^|\/)(fixtures|node_modules|dist)\//;

/** The files git tracks or would track; without git (a tarball), the files on disk. */
export function readRepository(root: string): Tree {
  const git = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const listed = git.success ? git.stdout.toString().split('\0') : walk(root, '');
  return treeOf(
    root,
    listed.filter((file) => file !== '' && !NOT_CHECKED.test(file)),
  );
}

/** Every file under a folder, as a tree of its own. */
export function readFolder(root: string): Tree {
  return treeOf(root, walk(root, ''));
}

function treeOf(root: string, listed: readonly string[]): Tree {
  const texts = new Map<string, string>();
  const files = [...new Set(listed)].filter((file) => isFile(join(root, file))).sort();
  const known = new Set(files);
  return {
    files,
    has: (path) => known.has(path) || existsSync(join(root, path)),
    read: (path) => {
      const text = texts.get(path) ?? readFileSync(join(root, path), 'utf8');
      texts.set(path, text);
      return text;
    },
  };
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) return [path];
    const isSkipped = !entry.isDirectory() || entry.name === 'node_modules' || entry.name === '.git';
    return isSkipped ? [] : walk(root, path);
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Whether a file is a test: it may use the test runner, the testkit and its room's devDependencies. */
export function isTest(path: string): boolean {
  return /\.test\.(ts|tsx|mjs)$/.test(path) || /(^|\/)tests\//.test(path);
}

/** Whether a file is source code that can be parsed. */
export function isModule(path: string): boolean {
  return /\.(ts|tsx|mjs)$/.test(path) && !path.endsWith('.d.ts');
}

/** The text of one failed test: every violation, one under the other. */
export function describeViolations(violations: readonly Violation[]): string {
  const lines = violations.map(
    ({ rule, file, line, what, fix }) => `${file}:${line}  ${what}\n    ${fix}  [${rule}]`,
  );
  return `${violations.length} violations\n\n${lines.join('\n')}\n`;
}

/** The line, from 1, of a place in a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
