import { parseSync } from 'oxc-parser';
import { lineAt, type Tree } from './tree.ts';

/** A node of the syntax tree: oxc's ESTree with TypeScript's nodes. */
export type SyntaxNode = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>;

type Comment = {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isBlock: boolean;
};

type Import = { readonly specifier: string | undefined; readonly line: number };

/** One parsed file. `nodes` holds every node, in the order of the text. */
export type Module = {
  readonly path: string;
  readonly text: string;
  readonly body: readonly SyntaxNode[];
  readonly nodes: readonly SyntaxNode[];
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
};

const parsedByTree = new WeakMap<Tree, Map<string, Module>>();

export function parseModule(tree: Tree, path: string): Module {
  const parsed = parsedByTree.get(tree) ?? new Map<string, Module>();
  parsedByTree.set(tree, parsed);
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const module = parse(path, tree.read(path));
  parsed.set(path, module);
  return module;
}

function parse(path: string, text: string): Module {
  const result = parseSync(path, text);
  const error = result.errors[0];
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);
  const nodes: SyntaxNode[] = [];
  collect(result.program, nodes);
  const comments = result.comments.map(({ value, start, end, type }) => ({
    text: value,
    start,
    end,
    isBlock: type === 'Block',
  }));
  const body = nodesOf(asNode(result.program)?.['body']);
  return { path, text, body, nodes, comments, imports: importsOf(text, nodes, comments) };
}

function collect(value: unknown, nodes: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, nodes);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = asNode(value);
  if (node !== undefined) nodes.push(node);
  for (const child of Object.values(value)) collect(child, nodes);
}

/** A property as a node, if it is one. */
export function asNode(value: unknown): SyntaxNode | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  return typeof value.type === 'string' ? (value as SyntaxNode) : undefined;
}

/** A property as the nodes it lists. */
export function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.map(asNode).filter((node) => node !== undefined) : [];
}

/** The name of an identifier, or the text of a string literal or of a template's fixed parts. */
export function textOf(value: unknown): string | undefined {
  const node = asNode(value);
  if (node?.type === 'Identifier') return String(node['name']);
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type !== 'TemplateLiteral') return undefined;
  const parts = nodesOf(node['quasis']).map(
    (part) => (part['value'] as { cooked?: string } | undefined)?.cooked ?? '',
  );
  return parts.join('\u2026');
}

function importsOf(text: string, nodes: readonly SyntaxNode[], comments: readonly Comment[]): Import[] {
  const found: Import[] = [];
  for (const node of nodes) {
    const place = importedBy(node);
    if (place !== undefined) found.push({ specifier: literal(place.source), line: lineAt(text, node.start) });
  }
  for (const comment of comments) {
    const reference = /^\/\s*<reference\s+(?:path|types)="([^"]+)"/.exec(comment.text)?.[1];
    if (reference !== undefined) found.push({ specifier: reference, line: lineAt(text, comment.start) });
  }
  return found;
}

/** Where a node names another module: the place of the name. A name that is computed stays unknown. */
function importedBy(node: SyntaxNode): { readonly source: unknown } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return { source: node['source'] };
    case 'ExportNamedDeclaration':
      return asNode(node['source']) === undefined ? undefined : { source: node['source'] };
    case 'TSExternalModuleReference':
      return { source: node['expression'] };
    case 'CallExpression':
      return isRequire(asNode(node['callee'])) ? { source: nodesOf(node['arguments'])[0] } : undefined;
    case 'NewExpression':
      return importedByNew(node);
    default:
      return undefined;
  }
}

/** `new URL('./worker.ts', import.meta.url)` and `new Worker('./worker.ts')` start another module. */
function importedByNew(node: SyntaxNode): { readonly source: unknown } | undefined {
  const callee = textOf(node['callee']);
  const source = nodesOf(node['arguments'])[0];
  const path = literal(source);
  if ((callee !== 'URL' && callee !== 'Worker') || path === undefined) return undefined;
  return /^\.{1,2}\/.*\.(ts|tsx|js|mjs)$/.test(path) ? { source } : undefined;
}

function isRequire(callee: SyntaxNode | undefined): boolean {
  if (callee?.type === 'Identifier') return callee['name'] === 'require';
  if (callee?.type !== 'MemberExpression') return false;
  const property = textOf(callee['property']);
  const object = asNode(callee['object']);
  if (object?.type === 'MetaProperty') return property === 'require' || property === 'resolve';
  return textOf(object) === 'require' && property === 'resolve';
}

function literal(source: unknown): string | undefined {
  const node = asNode(source);
  if (node?.type === 'TemplateLiteral' && nodesOf(node['expressions']).length > 0) return undefined;
  return node?.type === 'Identifier' ? undefined : textOf(node);
}
