import { expect, test } from 'bun:test';
import { readCommand } from './command-line.ts';

function refusalOf(words: readonly string[]): string {
  try {
    readCommand(words);
    return '';
  } catch (error) {
    return String(error);
  }
}

test('without words, help is what is wanted', () => {
  expect(readCommand([])).toEqual({ kind: 'help' });
  expect(readCommand(['--list'])).toEqual({ kind: 'list' });
});

test('all is no name, and small is short', () => {
  const command = readCommand(['all', '--small', '--runs', '3', '--out', '/somewhere']);
  if (command.kind !== 'run') throw new Error(command.kind);
  const { names, runs, seconds, folder } = command.options;
  expect({ names, runs, folder }).toEqual({ names: [], runs: 3, folder: '/somewhere' });
  expect(seconds).toBeLessThan(1);
});

test('what makes no sense is refused with a sentence', () => {
  expect(refusalOf(['all', '--seconds', '0'])).toContain('--seconds takes a number above 0');
  expect(refusalOf(['fan-out', '--publish'])).toContain('--publish is for all scenarios');
  expect(refusalOf(['all', '--nonsense'])).toContain('nonsense');
});
