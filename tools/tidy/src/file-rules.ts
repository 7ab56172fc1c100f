import { isModule, isTest, type Tree, type Violation } from './tree.ts';

const LINES_MAX = 400;
const TEST_LINES_MAX = 600;
const CODE = /^(packages|apps|tools|docs)\//;
const KEBAB_CASE = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
/** Names that tools and people look for in capitals. */
const OTHER_NAMES = new Set(['README.md', 'LICENSE', 'NOTICE', 'Dockerfile', 'CHANGELOG.md']);
const EMPTY_NAMES = /^(utils?|helpers?|common|misc)(\.|$)/;
const MACHINE_PATH = /(?:^|[\s"'`(=:,[<])(\/(?:work|root)\/|\/home\/[a-z][\w.-]*\/)/;
const BINARY = /\.(png|jpe?g|gif|webp|avif|ico|woff2?|ttf|mp3|ogg|wav|mp4|pdf|zip|gz|db|sqlite)$/;
const PUBLIC_REGISTRY = 'https://registry.npmjs.org/';

type Place = Pick<Violation, 'file' | 'line'>;

/** Names, sizes and stray machine paths: what can be seen without parsing. */
export function checkFiles(tree: Tree): Violation[] {
  return tree.files.flatMap((file) => [
    ...checkName(file),
    ...(BINARY.test(file) ? [] : [...checkLength(tree, file), ...checkMachinePaths(tree, file)]),
    ...(file === 'package-lock.json' ? checkLockfile(tree, file) : []),
  ]);
}

function checkName(file: string): Violation[] {
  if (!CODE.test(file)) return [];
  const words = file.split('/');
  const odd = words.filter((word) => !KEBAB_CASE.test(word) && !OTHER_NAMES.has(word));
  const empty = words.filter((word) => EMPTY_NAMES.test(word));
  return [
    ...odd.map((word) =>
      violation('kebab-case', { file, line: 1 }, `"${word}" is not kebab-case`, 'Rename it.'),
    ),
    ...empty.map((word) =>
      violation(
        'empty name',
        { file, line: 1 },
        `"${word}" says nothing`,
        'Name it after the one thing it holds, in a word of the domain.',
      ),
    ),
  ];
}

function checkLength(tree: Tree, file: string): Violation[] {
  if (!isModule(file) && !file.endsWith('.css')) return [];
  const max = isTest(file) || file.startsWith('packages/contracts/conformance/') ? TEST_LINES_MAX : LINES_MAX;
  const lines = tree.read(file).trimEnd().split('\n').length;
  if (lines <= max) return [];
  return [
    violation(
      'length',
      { file, line: max + 1 },
      `has ${lines} lines; the most is ${max}`,
      'Split it by what it holds.',
    ),
  ];
}

function checkMachinePaths(tree: Tree, file: string): Violation[] {
  return linesOf(tree, file).flatMap((line, index) => {
    const path = MACHINE_PATH.exec(line)?.[1];
    if (path === undefined) return [];
    return [
      violation(
        'machine path',
        { file, line: index + 1 },
        `names ${path}`,
        'That folder is on one machine only: use a relative path.',
      ),
    ];
  });
}

/** The lockfile must install anywhere: no host but the public registry's. */
function checkLockfile(tree: Tree, file: string): Violation[] {
  return linesOf(tree, file).flatMap((line, index) => {
    const url = /"resolved": "(https?:[^"]+)"/.exec(line)?.[1];
    if (url === undefined || url.startsWith(PUBLIC_REGISTRY)) return [];
    const fix = 'Install with the .npmrc of the project (omit-lockfile-registry-resolved).';
    return [violation('lockfile', { file, line: index + 1 }, `comes from ${new URL(url).host}`, fix)];
  });
}

/** Relative links in Markdown lead somewhere. */
export function checkLinks(tree: Tree): Violation[] {
  return tree.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
      return linesOf(tree, file, withoutCodeBlocks).flatMap((line, index) =>
        linksIn(line)
          .filter((link) => !tree.has(normalize(`${folder}${link}`)))
          .map((link) =>
            violation(
              'link',
              { file, line: index + 1 },
              `links to ${link}, which does not exist`,
              'Correct the link.',
            ),
          ),
      );
    });
}

function linksIn(line: string): string[] {
  const prose = line.replace(/`[^`]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map((match) =>
    (match[1] ?? '').replace(/#.*$/, ''),
  );
  return targets
    .filter((target) => target !== '' && !/^([a-z][a-z0-9+.-]*:|\/)/i.test(target))
    .map(decodeURIComponent);
}

function normalize(path: string): string {
  const words: string[] = [];
  for (const word of path.split('/')) {
    if (word === '..') words.pop();
    else if (word !== '.' && word !== '') words.push(word);
  }
  return words.join('/');
}

/** Fenced blocks become empty lines, so that line numbers stay. */
function withoutCodeBlocks(text: string): string {
  return text.replace(/^( *)(```|~~~)[^]*?^\1\2/gm, (block) => block.replace(/[^\n]/g, ''));
}

function linesOf(tree: Tree, file: string, prepare = (text: string) => text): string[] {
  return prepare(tree.read(file)).split('\n');
}

function violation(rule: string, place: Place, what: string, fix: string): Violation {
  return { rule, ...place, what, fix };
}
