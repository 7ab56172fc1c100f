import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { checkCode } from './code-rules.ts';
import { checkFiles, checkLinks } from './file-rules.ts';
import { checkPublicDocs } from './public-docs.ts';
import { checkReadmes } from './readme-rules.ts';
import { HOUSE } from './rooms.ts';
import { checkRuleIds } from './rule-ids.ts';
import { readBannedEndings } from './style-words.ts';
import { describeViolations, readRepository, type Violation } from './tree.ts';

const tree = readRepository(join(import.meta.dir, '..', '..', '..'));
const DOCUMENTED = ['packages/protocol', 'packages/contracts', 'packages/client'];

function expectNone(violations: readonly Violation[]): void {
  if (violations.length > 0) throw new Error(describeViolations(violations));
}

test('the tree is the one of this repository', () => {
  expect(tree.files).toContain('STYLE.md');
  expect(tree.files).toContain('tools/tidy/src/tidy.test.ts');
});

test('every room says in five lines what it is', () => expectNone(checkReadmes(tree, HOUSE)));

test('files are named and sized by the rules, and name no folder of one machine', () =>
  expectNone(checkFiles(tree)));

test('relative links lead somewhere', () => expectNone(checkLinks(tree)));

test('code has no empty names, stray markers, sleeping tests or cluster switches', () =>
  expectNone(checkCode(tree, readBannedEndings(tree))));

test('every rule is carried by a test, and every id in a title is a rule', () =>
  expectNone(checkRuleIds(tree)));

test('what the public packages export has doc comments', () => expectNone(checkPublicDocs(tree, DOCUMENTED)));
