import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { DOCS, PUBLISHED, publishedTexts } from './publish.ts';

test('docs/performance.md and its pictures are what its results make (npm run bench -- --page writes them)', () => {
  expect(existsSync(PUBLISHED.page)).toBe(existsSync(PUBLISHED.results));
  if (!existsSync(PUBLISHED.results)) return;
  for (const [name, text] of publishedTexts()) expect(readFileSync(join(DOCS, name), 'utf8')).toBe(text);
});
