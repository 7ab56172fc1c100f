import { join } from 'node:path';
import { rateTable } from '@confab/core';
import { closeAction, closeCodes, errorCodes, errorTable, limits } from '@confab/protocol';

/** A table of a document between two marks, and how to make its lines. */
export interface GeneratedTable {
  readonly file: string;
  readonly name: string;
  readonly lines: () => readonly string[];
}

/** Every generated table of the documents. */
export const generatedTables: readonly GeneratedTable[] = [
  { file: 'docs/protocol.md', name: 'errors', lines: errorLines },
  { file: 'docs/protocol.md', name: 'close-codes', lines: closeCodeLines },
  { file: 'docs/protocol.md', name: 'limits', lines: limitLines },
  { file: 'docs/operations.md', name: 'settings', lines: settingLines },
  { file: 'docs/operations.md', name: 'rates', lines: rateLines },
  { file: 'docs/capacity.md', name: 'costs', lines: () => planLines('--costs') },
  { file: 'docs/capacity.md', name: 'fleet-2m', lines: () => codeLines(TWO_MILLION) },
  { file: 'docs/capacity.md', name: 'fleet-50m', lines: () => codeLines(FIFTY_MILLION) },
  { file: 'docs/capacity.md', name: 'levers', lines: () => planLines(...TWO_MILLION, '--levers') },
  { file: 'docs/capacity.md', name: 'flags', lines: () => codeLines(['--help']) },
];

const TWO_MILLION = ['--connections', '2e6', '--messages', '9300'];
const FIFTY_MILLION = ['--connections', '50e6', '--messages', '231000', '--body', '1000'];

function errorLines(): readonly string[] {
  const rows = errorCodes.map((code) => {
    const { status, retry, meaning } = errorTable[code];
    return `| \`${code}\` | ${status} | ${retry} | ${meaning} |`;
  });
  return ['| code | status | retry | meaning |', '| --- | --- | --- | --- |', ...rows];
}

function closeCodeLines(): readonly string[] {
  const rows = Object.entries(closeCodes).map(
    ([name, code]) => `| ${code} | ${name} | ${closeAction(code)} |`,
  );
  return ['| code | name | then |', '| --- | --- | --- |', ...rows];
}

function limitLines(): readonly string[] {
  const rows = Object.entries(limits).map(
    ([name, value]) => `| \`${name}\` | ${value.toLocaleString('en')} |`,
  );
  return ['| bound | value |', '| --- | --- |', ...rows];
}

function rateLines(): readonly string[] {
  const rows = Object.entries(rateTable).map(
    ([name, { burst, perSecond, of }]) =>
      `| \`${name}\` | ${of} | ${burst.toLocaleString('en')} | ${perSecond.toLocaleString('en')} |`,
  );
  return ['| limit | of | at once | then, a second |', '| --- | --- | --- | --- |', ...rows];
}

/** The server prints its own settings; what it prints is what holds. */
function settingLines(): readonly string[] {
  return commandLines('config', '--markdown');
}

function planLines(...words: readonly string[]): readonly string[] {
  return commandLines('plan', ...words);
}

/** What the command prints, as it prints it. */
function codeLines(words: readonly string[]): readonly string[] {
  return ['```', `confab plan ${words.join(' ')}`, '', ...planLines(...words), '```'];
}

function commandLines(...words: readonly string[]): readonly string[] {
  const main = join(import.meta.dir, '../../../apps/server/src/main.ts');
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, main, ...words]);
  if (exitCode !== 0) throw new Error(`confab ${words.join(' ')} ended with ${exitCode}`);
  return stdout.toString().trim().split('\n');
}

/** The document with the table's lines in place of what stands between its marks. */
export function withTable(text: string, table: GeneratedTable): string {
  const [open, close] = [`<!-- table:${table.name} -->`, `<!-- /table:${table.name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from === -1 || to < from) throw new Error(`${table.file} has no marks of a table ${table.name}`);
  return `${text.slice(0, from + open.length)}\n${table.lines().join('\n')}\n${text.slice(to)}`;
}
