import { isConformance } from './code-rules.ts';
import { parseModule, textOf } from './parse.ts';
import { isModule, isTest, lineAt, type Tree, type Violation } from './tree.ts';

/** `[G1]`, `[G1.2]`, `[LOG3]`: a rule that is defined once and carried by tests. */
const ID = /\[([A-Z]+\d+(?:\.\d+)*)\]/g;
const LEADING_IDS = /^(?:\s*\[[A-Z]+\d+(?:\.\d+)*\])+/;
const DOCUMENTS = ['docs/guarantees.md', 'docs/protocol.md'];
const DOCUMENT_DEFINITION = /\*\*\[([A-Z]+\d+(?:\.\d+)*)\]\*\*( \(planned\))?/g;
const COMMENT_DEFINITION =
  /^[\s*]*(?:- )?(?:\*\*|`)?\[([A-Z]+\d+(?:\.\d+)*)\](?:\*\*|`)?(?=\s)( \(planned\))?/gm;

type Place = { readonly id: string; readonly file: string; readonly line: number };
type Definition = Place & { readonly isPlanned: boolean };

/**
 * Every rule is carried by a test whose title begins with its id, and every id in a title is a rule. A rule with
 * sub-rules ([G1], [G1.2]) is carried by their tests. A rule marked "(planned)" has no test yet, and says so.
 */
export function checkRuleIds(tree: Tree): Violation[] {
  const definitions = [...definedInDocuments(tree), ...definedInContracts(tree)];
  const carried = carriedByTests(tree);
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  const isCarried = (id: string) => carried.some((one) => one.id === id || one.id.startsWith(`${id}.`));
  return [
    ...definitions
      .filter((one) => known.get(one.id) !== one)
      .map((one) => say(one, `defines [${one.id}] a second time`, 'Give it an id of its own.')),
    ...definitions
      .filter((one) => !one.isPlanned && !isCarried(one.id))
      .map((one) =>
        say(
          one,
          `no test carries [${one.id}]`,
          'Begin the title of the test that proves it with the id, or mark the rule (planned).',
        ),
      ),
    ...carried
      .filter((one) => !known.has(one.id))
      .map((one) =>
        say(one, `[${one.id}] is no rule`, `Define it in ${DOCUMENTS.join(', ')} or in its contract.`),
      ),
    ...carried
      .filter((one) => known.get(one.id)?.isPlanned === true)
      .map((one) => say(one, `[${one.id}] is marked (planned) but has a test`, 'Remove the mark.')),
  ];
}

function definedInDocuments(tree: Tree): Definition[] {
  return DOCUMENTS.filter((file) => tree.files.includes(file)).flatMap((file) => {
    const text = tree.read(file);
    return [...text.matchAll(DOCUMENT_DEFINITION)].map(({ 1: id = '', 2: planned, index }) => ({
      id,
      file,
      line: lineAt(text, index),
      isPlanned: planned !== undefined,
    }));
  });
}

function definedInContracts(tree: Tree): Definition[] {
  const files = tree.files.filter(
    (file) => file.startsWith('packages/contracts/src/') && isModule(file) && !isTest(file),
  );
  return files.flatMap((file) => {
    const { comments, text } = parseModule(tree, file);
    return comments.flatMap((comment) =>
      [...comment.text.matchAll(COMMENT_DEFINITION)].map(({ 0: whole, 1: id = '', 2: planned, index }) => ({
        id,
        file,
        line: lineAt(text, comment.start + 2 + index + whole.indexOf('[')),
        isPlanned: planned !== undefined,
      })),
    );
  });
}

/** Ids at the beginning of any string in tests and conformance suites: titles, and tables of titles. */
function carriedByTests(tree: Tree): Place[] {
  const files = tree.files.filter((file) => isModule(file) && (isTest(file) || isConformance(file)));
  return files.flatMap((file) => {
    const { nodes, text } = parseModule(tree, file);
    return nodes.flatMap((node) => {
      const isString = node.type === 'Literal' || node.type === 'TemplateLiteral';
      const ids = LEADING_IDS.exec((isString && textOf(node)) || '')?.[0] ?? '';
      return [...ids.matchAll(ID)].map((match) => ({
        id: match[1] ?? '',
        file,
        line: lineAt(text, node.start),
      }));
    });
  });
}

function say({ file, line }: Place, what: string, fix: string): Violation {
  return { rule: 'rule id', file, line, what, fix };
}
