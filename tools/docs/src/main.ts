import { join } from 'node:path';
import { generatedTables, withTable } from './tables.ts';

const root = join(import.meta.dir, '../../..');

for (const table of generatedTables) {
  const path = join(root, table.file);
  const text = await Bun.file(path).text();
  await Bun.write(path, withTable(text, table));
}
