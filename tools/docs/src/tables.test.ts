import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { generatedTables, withTable } from './tables.ts';

const root = join(import.meta.dir, '../../..');

for (const table of generatedTables) {
  test(`${table.file} has the table ${table.name} as the code has it (npm run docs writes it)`, async () => {
    const text = await Bun.file(join(root, table.file)).text();
    expect(withTable(text, table)).toBe(text);
  });
}
