import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dir, '../../../../docs');
const RULE = /\*\*\[([A-Z]+[\d.]+)\]\*\* ([^]*?)(?=\n\s*\n|\n-|\n\d+\.|$)/g;

/** The promises as the pages of the docs word them, by their ids. */
export function readRuleTexts(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const page of ['guarantees.md', 'protocol.md']) {
    const text = readFileSync(join(docs, page), 'utf8');
    for (const [, id, words] of text.matchAll(RULE)) {
      if (id !== undefined && words !== undefined) texts.set(id, plain(words));
    }
  }
  return texts;
}

function plain(markdown: string): string {
  return markdown
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .trim();
}
