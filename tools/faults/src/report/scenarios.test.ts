import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCENARIOS } from './scenarios.ts';

test('every file of scenarios is in the list that a person chooses from, and no other', () => {
  const files = readdirSync(join(import.meta.dir, '../scenarios')).filter((name) =>
    name.endsWith('.test.ts'),
  );
  expect(SCENARIOS.map(({ name }) => `${name}.test.ts`).toSorted()).toEqual(files.toSorted());
});
