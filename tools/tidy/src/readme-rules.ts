import { readManifest } from './manifest.ts';
import type { House, Room } from './rooms.ts';
import type { Tree, Violation } from './tree.ts';

const LABELS = ['For', 'May import', 'Face', 'Guards', 'Test alone'] as const;

/** Every room says in five lines what it is, and what it says of its imports is what the table and the manifest say. */
export function checkReadmes(tree: Tree, house: House): Violation[] {
  return house.rooms.flatMap((room) => {
    const isThere = tree.files.some((file) => file.startsWith(`${room.folder}/`));
    return isThere ? checkReadme(tree, house, room) : [];
  });
}

function checkReadme(tree: Tree, house: House, room: Room): Violation[] {
  const file = `${room.folder}/README.md`;
  if (!tree.has(file)) {
    const fix = `Write the five lines: ${LABELS.map((label) => `**${label}**`).join(', ')}.`;
    return [{ rule: 'readme', file, line: 1, what: 'is missing', fix }];
  }
  const lines = tree.read(file).split('\n');
  return LABELS.flatMap((label) => {
    const at = lines.findIndex((line) => textAfter(label, line) !== undefined);
    const text = textAfter(label, lines[at] ?? '');
    if (text === undefined || text === '') {
      const fix = `Add a line that begins with **${label}**:`;
      return [
        { rule: 'readme', file, line: Math.max(1, at + 1), what: `says nothing under **${label}**`, fix },
      ];
    }
    return label === 'May import'
      ? checkImports({ file, line: at + 1, text, expected: expectedImports(tree, house, room) })
      : [];
  });
}

/** What follows `**Label**:` on a line; undefined where the line has another beginning. */
function textAfter(label: string, line: string): string | undefined {
  return new RegExp(`^(?:[-*] )?\\*\\*${label}:?\\*\\*:?\\s*(.*)$`).exec(line)?.[1]?.trim();
}

function expectedImports(tree: Tree, house: House, room: Room): string[] {
  const manifest = readManifest(tree, room.folder);
  const packages = (manifest?.dependencies ?? []).map((name) =>
    name.startsWith(house.scope) ? name.slice(house.scope.length) : name,
  );
  return [...packages, ...room.platform].sort();
}

function checkImports({
  file,
  line,
  text,
  expected,
}: {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly expected: readonly string[];
}): Violation[] {
  const said = text
    .replace(/\.$/, '')
    .replaceAll('`', '')
    .split(/\s*[,;]\s*|\s+and\s+/)
    .filter((name) => name !== '' && name !== 'nothing')
    .sort();
  if (said.join() === expected.join()) return [];
  const fix = `Write: **May import**: ${expected.length === 0 ? 'nothing' : expected.join(', ')}`;
  return [
    { rule: 'readme', file, line, what: 'says other imports than the manifest and the table of rooms', fix },
  ];
}
