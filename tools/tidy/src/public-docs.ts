import { dirname, join } from 'node:path/posix';
import { readManifest } from './manifest.ts';
import { asNode, nodesOf, parseModule, textOf, type Module, type SyntaxNode } from './parse.ts';
import { lineAt, type Tree, type Violation } from './tree.ts';

/** Everything that these packages export has a doc comment: shapes, units, errors. */
export function checkPublicDocs(tree: Tree, folders: readonly string[]): Violation[] {
  const found = new Map<string, Violation>();
  for (const folder of folders) {
    for (const face of readManifest(tree, folder)?.faces.values() ?? []) {
      if (!tree.files.includes(face) || face.includes('/conformance/')) continue;
      for (const one of undocumented(tree, face)) found.set(`${one.file}:${one.what}`, one);
    }
  }
  return [...found.values()];
}

/** What a module exports without a doc comment, followed through its re-exports. `only`: these names. */
function undocumented(tree: Tree, file: string, only?: ReadonlySet<string>): Violation[] {
  const module = parseModule(tree, file);
  const own = module.body.filter((statement) => !isReexport(statement));
  const exported = only === undefined ? new Set(own.flatMap(exportedBy)) : localNames(own, only);
  const declared = declarationsOf(module, own);
  const missing = [...exported].flatMap((name): Violation[] => {
    const place = declared.get(name);
    if (place === undefined || place.isDocumented) return [];
    const fix = 'Say its shape, unit and errors in a /** comment */.';
    return [
      { rule: 'public doc', file, line: place.line, what: `exports ${name} without a doc comment`, fix },
    ];
  });
  const reexports = module.body.filter(isReexport);
  return [...missing, ...reexports.flatMap((statement) => throughReexport(tree, file, { statement, only }))];
}

function isReexport(statement: SyntaxNode): boolean {
  return asNode(statement['source']) !== undefined;
}

type Declared = { readonly line: number; readonly isDocumented: boolean };

/** What a file declares at its top. A value and a type of one name share one comment. */
function declarationsOf(module: Module, statements: readonly SyntaxNode[]): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const statement of statements) {
    for (const name of namesOf(asNode(statement['declaration']) ?? statement)) {
      const before = declared.get(name);
      declared.set(name, {
        line: before?.line ?? lineAt(module.text, statement.start),
        isDocumented: before?.isDocumented === true || hasDocComment(module, statement),
      });
    }
  }
  return declared;
}

/** The local names that a statement exports. */
function exportedBy(statement: SyntaxNode): string[] {
  if (statement.type !== 'ExportNamedDeclaration' && statement.type !== 'ExportDefaultDeclaration') return [];
  const listed = nodesOf(statement['specifiers']).map((specifier) => textOf(specifier['local']) ?? '');
  const declaration = asNode(statement['declaration']);
  return [...listed, ...(declaration === undefined ? [] : namesOf(declaration))];
}

/** The local names behind exported ones: `export { local as exported }`. */
function localNames(statements: readonly SyntaxNode[], exported: ReadonlySet<string>): Set<string> {
  const renamed = statements
    .flatMap((statement) => nodesOf(statement['specifiers']))
    .filter((specifier) => exported.has(textOf(specifier['exported']) ?? ''))
    .map((specifier) => textOf(specifier['local']) ?? '');
  return new Set([...exported, ...renamed]);
}

function throughReexport(
  tree: Tree,
  file: string,
  { statement, only }: { readonly statement: SyntaxNode; readonly only: ReadonlySet<string> | undefined },
): Violation[] {
  const source = textOf(statement['source']) ?? '';
  const target = join(dirname(file), source);
  if (!source.startsWith('.') || !tree.files.includes(target)) return [];
  if (statement.type === 'ExportAllDeclaration') return undocumented(tree, target, only);
  if (statement.type !== 'ExportNamedDeclaration') return [];
  const names = nodesOf(statement['specifiers'])
    .filter((specifier) => only === undefined || only.has(textOf(specifier['exported']) ?? ''))
    .map((specifier) => textOf(specifier['local']) ?? '');
  return undocumented(tree, target, new Set(names));
}

function namesOf(declaration: SyntaxNode): string[] {
  const own = textOf(declaration['id']);
  const variables = nodesOf(declaration['declarations']).map((variable) => textOf(variable['id']));
  return [own, ...variables].filter((name) => name !== undefined);
}

function hasDocComment(module: Module, statement: SyntaxNode): boolean {
  return module.comments.some(
    (comment) =>
      comment.isBlock &&
      comment.text.startsWith('*') &&
      comment.end <= statement.start &&
      module.text.slice(comment.end, statement.start).trim() === '',
  );
}
