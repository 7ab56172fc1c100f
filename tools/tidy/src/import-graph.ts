import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path/posix';
import { readManifest, type Manifest } from './manifest.ts';
import { parseModule } from './parse.ts';
import { nameOf, type House, type Platform, type Room } from './rooms.ts';
import { isModule, type Tree } from './tree.ts';

/** What an import names. */
type Target =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'room'; readonly room: Room; readonly face: string | undefined }
  | { readonly kind: 'platform'; readonly platform: Platform | 'test runner' | 'unprefixed' }
  | { readonly kind: 'third party'; readonly name: string }
  | { readonly kind: 'unknown room' }
  | { readonly kind: 'computed' };

export type ResolvedImport = { readonly specifier: string; readonly line: number; readonly target: Target };

export type GraphModule = {
  readonly path: string;
  readonly room: Room;
  readonly imports: readonly ResolvedImport[];
};

/** Every module of every room, with what it imports: values, types, re-exports and `import()` alike. */
export type ImportGraph = {
  readonly modules: readonly GraphModule[];
  readonly manifests: ReadonlyMap<Room, Manifest>;
};

/** Bun also lists packages of the registry that it has a copy of. */
const NOT_NODES_OWN = ['ws', 'undici', 'detect-libc'];
const BUILTINS = new Set(builtinModules.filter((name) => !NOT_NODES_OWN.includes(name)));

export function readImportGraph(tree: Tree, house: House): ImportGraph {
  const manifests = new Map<Room, Manifest>();
  for (const room of house.rooms) {
    const manifest = readManifest(tree, room.folder);
    if (manifest !== undefined) manifests.set(room, manifest);
  }
  const modules = tree.files.filter(isModule).flatMap((path) => {
    const room = roomOf(house, path);
    if (room === undefined) return [];
    const imports = parseModule(tree, path).imports.map(({ specifier, line }) => ({
      specifier: specifier ?? '(computed)',
      line,
      target: resolve(specifier, path, { tree, house, manifests }),
    }));
    return [{ path, room, imports }];
  });
  return { modules, manifests };
}

/** The room a file is in. */
function roomOf(house: House, path: string): Room | undefined {
  return house.rooms.find((room) => path.startsWith(`${room.folder}/`));
}

type Surroundings = {
  readonly tree: Tree;
  readonly house: House;
  readonly manifests: ReadonlyMap<Room, Manifest>;
};

function resolve(specifier: string | undefined, from: string, around: Surroundings): Target {
  if (specifier === undefined) return { kind: 'computed' };
  if (/^[./]/.test(specifier)) return resolvePath(join(dirname(from), specifier), around.tree);
  if (specifier.startsWith(around.house.scope))
    return resolveRoom(specifier.slice(around.house.scope.length), around);
  if (specifier.startsWith('#')) return resolveAlias(specifier, from, around);
  if (specifier.startsWith('node:')) return { kind: 'platform', platform: 'node:*' };
  if (specifier === 'bun:test') return { kind: 'platform', platform: 'test runner' };
  if (specifier === 'bun' || specifier.startsWith('bun:')) return { kind: 'platform', platform: 'bun' };
  const [first = '', second] = specifier.split('/');
  if (BUILTINS.has(first)) return { kind: 'platform', platform: 'unprefixed' };
  return { kind: 'third party', name: first.startsWith('@') ? `${first}/${second}` : first };
}

/** A name of the room's own for a file that differs by platform. */
function resolveAlias(specifier: string, from: string, { house, manifests }: Surroundings): Target {
  const room = roomOf(house, from);
  const file = room === undefined ? undefined : manifests.get(room)?.aliases.get(specifier);
  return file === undefined ? { kind: 'missing' } : { kind: 'file', file };
}

function resolvePath(path: string, tree: Tree): Target {
  const tries = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`];
  const file =
    tries.find((candidate) => tree.files.includes(candidate)) ?? (tree.has(path) ? path : undefined);
  return file === undefined ? { kind: 'missing' } : { kind: 'file', file };
}

function resolveRoom(rest: string, { house, manifests }: Surroundings): Target {
  const [name, ...subpath] = rest.split('/');
  const room = house.rooms.find((candidate) => nameOf(candidate) === name);
  if (room === undefined) return { kind: 'unknown room' };
  const face = manifests.get(room)?.faces.get(['.', ...subpath].join('/'));
  return { kind: 'room', room, face };
}
