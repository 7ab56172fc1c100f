import { parseModule, textOf, type Module, type SyntaxNode } from './parse.ts';
import { isModule, isTest, lineAt, type Tree, type Violation } from './tree.ts';

const TYPE_DECLARATIONS = new Set(['ClassDeclaration', 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration']);
const MARKERS = /(@?)\b(TODO|FIXME|XXX|HACK)\b(\(#\d+\))?/g;
const SLEEPS = new Set(['setTimeout', 'setInterval', 'Bun.sleep', 'Bun.sleepSync']);
const ONE_NODE_IS_A_CLUSTER = /^packages\/(core|gateway)\//;

/** What must not be written in code, and the comment that allows it with a reason. */
export function checkCode(tree: Tree, bannedEndings: readonly string[]): Violation[] {
  return tree.files
    .filter((file) => isModule(file) && file.includes('/'))
    .map((file) => parseModule(tree, file))
    .flatMap((module) => [
      ...checkTypeNames(module, bannedEndings),
      ...checkMarkers(module),
      ...(isTest(module.path) || isConformance(module.path) ? checkSleeps(module) : []),
      ...(ONE_NODE_IS_A_CLUSTER.test(module.path) ? checkClusterSwitches(module) : []),
    ]);
}

export function isConformance(path: string): boolean {
  return path.startsWith('packages/contracts/conformance/');
}

function checkTypeNames(module: Module, bannedEndings: readonly string[]): Violation[] {
  return module.nodes
    .filter((node) => TYPE_DECLARATIONS.has(node.type))
    .flatMap((node) => {
      const name = textOf(node['id']) ?? '';
      const ending = bannedEndings.find((word) => name.endsWith(word));
      if (ending === undefined || isAllowed(module, node, 'tidy-allow-name')) return [];
      const fix = 'Name what it is or does, or say why not: // tidy-allow-name: reason';
      return [violation(module, node, { rule: 'type name', what: `${name} ends in ${ending}`, fix })];
    });
}

function checkMarkers(module: Module): Violation[] {
  return module.comments.flatMap((comment) =>
    [...comment.text.matchAll(MARKERS)]
      .filter(([, at, word, issue]) => at !== '@' || word !== 'TODO' || issue === undefined)
      .map(([marker]) =>
        violation(module, comment, {
          rule: 'marker',
          what: `says ${marker}`,
          fix: 'Do it, or write @TODO(#issue); what a reader must know is @NOTE.',
        }),
      ),
  );
}

function checkSleeps(module: Module): Violation[] {
  const found: Violation[] = [];
  for (const node of module.nodes) {
    const name = node.type === 'CallExpression' ? calleeOf(node) : timersImport(node);
    if (name === undefined || isAllowed(module, node, 'tidy-allow-sleep')) continue;
    const fix = 'Wait for an event or drive the clock, or say why not: // tidy-allow-sleep: reason';
    found.push(violation(module, node, { rule: 'sleep', what: `waits with ${name}`, fix }));
  }
  return found;
}

function calleeOf(node: SyntaxNode): string | undefined {
  const callee = node['callee'] as SyntaxNode;
  const name =
    callee.type === 'MemberExpression'
      ? `${textOf(callee['object']) ?? ''}.${textOf(callee['property']) ?? ''}`.replace(/^globalThis\./, '')
      : textOf(callee);
  return name !== undefined && SLEEPS.has(name) ? name : undefined;
}

function timersImport(node: SyntaxNode): string | undefined {
  const source = node.type === 'ImportDeclaration' ? textOf(node['source']) : undefined;
  return source?.endsWith('timers/promises') ? source : undefined;
}

/** One node is a cluster of one: no second path. */
function checkClusterSwitches(module: Module): Violation[] {
  return module.nodes
    .filter((node) => node.type === 'IfStatement' || node.type === 'ConditionalExpression')
    .flatMap((node) => {
      const test = node['test'] as SyntaxNode;
      const condition = module.text.slice(test.start, test.end);
      if (!/\b(is|has|in)?cluster(ed|Mode|Enabled)?\b/i.test(condition)) return [];
      const fix = 'One node is a cluster of one: let the port decide.';
      return [violation(module, node, { rule: 'cluster switch', what: `branches on ${condition}`, fix })];
    });
}

/** Whether a comment on the line, or on the line before, allows it and gives a reason. */
function isAllowed(module: Module, node: SyntaxNode, marker: string): boolean {
  const line = lineAt(module.text, node.start);
  return module.comments.some((comment) => {
    const distance = line - lineAt(module.text, comment.end);
    return (distance === 0 || distance === 1) && new RegExp(`${marker}: \\S`).test(comment.text);
  });
}

function violation(
  module: Module,
  place: { readonly start: number },
  said: { readonly rule: string; readonly what: string; readonly fix: string },
): Violation {
  return { ...said, file: module.path, line: lineAt(module.text, place.start) };
}
