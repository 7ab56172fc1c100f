import { findCycles } from './cycles.ts';
import type { GraphModule, ImportGraph, ResolvedImport } from './import-graph.ts';
import type { Manifest } from './manifest.ts';
import { nameOf, type House, type Room } from './rooms.ts';
import { isTest, type Tree, type Violation } from './tree.ts';

/** Everything in the import graph that the table of rooms does not allow. */
export function checkLayers(graph: ImportGraph, house: House, tree: Tree): Violation[] {
  return [
    ...checkTable(house),
    ...checkFolderTable(house),
    ...checkFolders(house, tree),
    ...house.rooms.flatMap((room) => checkManifest(room, graph.manifests.get(room), house)),
    ...graph.modules.flatMap((module) =>
      module.imports.flatMap((one) => checkImport(module, one, { graph, house })),
    ),
    ...checkFolderArrows(graph, house),
    ...checkCycles(graph),
  ];
}

type Place = Pick<Violation, 'file' | 'line'>;
type Context = { readonly graph: ImportGraph; readonly house: House };

/** The table itself: an arrow that does not go down would make a cycle legal. */
function checkTable(house: House): Violation[] {
  return house.rooms.flatMap((room) =>
    room.mayImport.flatMap((name) => {
      const target = house.rooms.find((candidate) => nameOf(candidate) === name);
      if (target !== undefined && target.floor < room.floor) return [];
      const what = `the table lets ${nameOf(room)} (floor ${room.floor}) import ${name} (floor ${target?.floor ?? '?'})`;
      return [
        violation('table', { file: 'tools/tidy/src/rooms.ts', line: 1 }, what, 'Let arrows go down only.'),
      ];
    }),
  );
}

/** Every package has a row. */
function checkFolders(house: House, tree: Tree): Violation[] {
  const folders = tree.files
    .map((file) => /^((?:packages|apps|tools)\/[^/]+)\/package\.json$/.exec(file)?.[1])
    .filter((folder) => folder !== undefined);
  return folders
    .filter((folder) => !house.rooms.some((room) => room.folder === folder))
    .map((folder) =>
      violation(
        'room',
        { file: `${folder}/package.json`, line: 1 },
        'is in no row of the table',
        'Add the room to tools/tidy/src/rooms.ts.',
      ),
    );
}

function checkManifest(room: Room, manifest: Manifest | undefined, { scope }: House): Violation[] {
  if (manifest === undefined) return [];
  const file = `${room.folder}/package.json`;
  const ours = manifest.dependencies
    .filter((name) => name.startsWith(scope))
    .map((name) => name.slice(scope.length));
  const theirs = manifest.dependencies.filter((name) => !name.startsWith(scope));
  const found = ours
    .filter((name) => !room.mayImport.includes(name))
    .map((name) =>
      violation(
        'arrow',
        { file, line: 1 },
        `depends on ${name}`,
        `${nameOf(room)} may import ${list(room.mayImport)}.`,
      ),
    );
  if (room.thirdParty !== 'declared' && theirs.join() !== [...room.thirdParty].sort().join()) {
    const what = `third-party dependencies are ${list(theirs)}; the table says ${list(room.thirdParty)}`;
    found.push(
      violation(
        'third party',
        { file, line: 1 },
        what,
        'Make package.json and tools/tidy/src/rooms.ts agree.',
      ),
    );
  }
  if (manifest.name !== `${scope}${nameOf(room)}`) {
    const what = `is named ${manifest.name}`;
    found.push(
      violation('room', { file, line: 1 }, what, `Name it ${scope}${nameOf(room)}, after its folder.`),
    );
  }
  return found;
}

function checkImport(module: GraphModule, one: ResolvedImport, context: Context): Violation[] {
  const say = (rule: string, what: string, fix: string) => [
    violation(rule, { file: module.path, line: one.line }, what, fix),
  ];
  const { target, specifier } = one;
  switch (target.kind) {
    case 'computed':
      return say('computed', 'imports a computed name', 'Name the module, so that the graph is whole.');
    case 'missing':
      return say('missing', `imports ${specifier}, which does not exist`, 'Correct the path.');
    case 'unknown room':
      return say(
        'arrow',
        `imports ${specifier}, which is no room`,
        'Correct the name, or add the room to the table.',
      );
    case 'file':
      if (target.file.startsWith(`${module.room.folder}/`)) return [];
      return say('by path', `reaches ${target.file} by path`, 'Import the package by its name.');
    case 'platform':
      return mayUsePlatform(module, target.platform, context.house)
        ? []
        : say('platform', `imports ${specifier}`, platformFix(target.platform, module.room));
    case 'third party':
      return checkThirdParty(module, target.name, context).flatMap(([what, fix]) =>
        say('third party', what, fix),
      );
    case 'room':
      return checkArrow(module, target, context).flatMap(([rule, what, fix]) => say(rule, what, fix));
  }
}

type Platform = Extract<ResolvedImport['target'], { readonly kind: 'platform' }>['platform'];

function mayUsePlatform({ path, room }: GraphModule, platform: Platform, house: House): boolean {
  if (platform === 'unprefixed') return false;
  if (isTest(path) || isBuildFile(path)) return true;
  if (platform === 'test runner')
    return house.testRunnerFolders.some((folder) => path.startsWith(`${folder}/`));
  const folder = room.platformOnlyUnder[platform];
  return room.platform.includes(platform) && (folder === undefined || path.startsWith(folder));
}

function platformFix(platform: Platform, room: Room): string {
  if (platform === 'unprefixed') return 'Write node: before the name of a module of Node.';
  if (platform === 'test runner') return 'Only tests and conformance suites use the test runner.';
  return `${nameOf(room)} may use ${list(room.platform)}; what comes from outside enters through a contract.`;
}

function checkThirdParty({ path, room }: GraphModule, name: string, { graph }: Context): [string, string][] {
  const manifest = graph.manifests.get(room);
  const typesOf = `@types/${name}`;
  const development = isTest(path) || isBuildFile(path) ? (manifest?.devDependencies ?? []) : [];
  const declared = [...(manifest?.dependencies ?? []), ...development];
  const only = room.thirdPartyOnlyUnder[name];
  if (!declared.includes(name) && !declared.includes(typesOf)) {
    return [
      [`imports ${name}, which ${room.folder}/package.json does not name`, 'Declare it, or do without it.'],
    ];
  }
  if (only === undefined || path.startsWith(only)) return [];
  return [[`imports ${name}`, `Only files under ${only} may.`]];
}

function checkArrow(
  module: GraphModule,
  target: { readonly room: Room; readonly face: string | undefined },
  { graph, house }: Context,
): [string, string, string][] {
  const { path, room } = module;
  const name = nameOf(target.room);
  const found: [string, string, string][] = [];
  if (target.face === undefined) {
    found.push([
      'face',
      `imports a part of ${name} that its package.json does not export`,
      'Import what it exports.',
    ]);
  }
  if (target.room === room) return found;
  const mayImport = isTest(path) ? [...room.mayImport, ...room.testsMayImport] : room.mayImport;
  if (!mayImport.includes(name)) {
    found.push([
      'arrow',
      `${nameOf(room)} imports ${name}`,
      `${nameOf(room)} may import ${list(mayImport)}.`,
    ]);
  }
  const manifest = graph.manifests.get(room);
  const declared = [
    ...(manifest?.dependencies ?? []),
    ...(isTest(path) ? (manifest?.devDependencies ?? []) : []),
  ];
  if (!declared.includes(`${house.scope}${name}`)) {
    const fix = `Add ${house.scope}${name} to ${room.folder}/package.json.`;
    found.push(['undeclared', `imports ${name}, which its package.json does not name`, fix]);
  }
  const isApplication = room.folder.startsWith('apps/');
  if (target.room.isAdapter && isApplication && path !== house.composition && !isTest(path)) {
    found.push(['adapter', `names the adapter ${name}`, `Only ${house.composition} names an adapter.`]);
  }
  return found;
}

/** Rooms inside a room: folders with arrows of their own. */
function checkFolderArrows(graph: ImportGraph, house: House): Violation[] {
  return Object.entries(house.folderArrows).flatMap(([roomFolder, arrows]) => {
    const source = `${roomFolder}/src/`;
    return graph.modules
      .filter(({ path }) => path.startsWith(source))
      .flatMap((module) => checkFoldersOf(module, source, arrows));
  });
}

function checkFoldersOf(
  { path, imports }: GraphModule,
  source: string,
  arrows: Readonly<Record<string, readonly string[]>>,
): Violation[] {
  const own = folderUnder(source, path);
  if (own === '') return [];
  const mayImport = arrows[own];
  if (mayImport === undefined) {
    const fix = 'Add the folder and its arrows to folderArrows in tools/tidy/src/rooms.ts.';
    return [violation('folder', { file: path, line: 1 }, `the folder ${own} has no row`, fix)];
  }
  return imports.flatMap(({ target, line }) => {
    if (target.kind !== 'file' || !target.file.startsWith(source)) return [];
    const other = folderUnder(source, target.file);
    if (other === own || mayImport.includes(other === '' ? '.' : other)) return [];
    const what = `the folder ${own} imports ${other === '' ? target.file : `the folder ${other}`}`;
    return [
      violation(
        'folder',
        { file: path, line },
        what,
        `${own} may import ${list(mayImport)} ('.': files beside the folders).`,
      ),
    ];
  });
}

function folderUnder(source: string, path: string): string {
  const rest = path.slice(source.length);
  return rest.includes('/') ? rest.slice(0, rest.indexOf('/')) : '';
}

/** Between files, between rooms, and between the folders of a room with folders. Tests are nobody's dependency. */
function checkCycles(graph: ImportGraph): Violation[] {
  const files = new Map<string, Set<string>>();
  const rooms = new Map<string, Set<string>>();
  for (const { path, room, imports } of graph.modules) {
    if (isTest(path)) continue;
    for (const { target } of imports) {
      if (target.kind === 'file') add(files, path, target.file);
      if (target.kind !== 'room') continue;
      if (target.face !== undefined) add(files, path, target.face);
      if (target.room !== room) add(rooms, nameOf(room), nameOf(target.room));
    }
  }
  return [
    ...findCycles(rooms).map((cycle) => cycleOf('room cycle', `packages/${cycle[0]}`, cycle)),
    ...findCycles(files).map((cycle) => cycleOf('file cycle', cycle[0] ?? '', cycle)),
  ];
}

function cycleOf(rule: string, file: string, cycle: readonly string[]): Violation {
  const fix = 'Move what both need below both (types count as imports).';
  return violation(rule, { file, line: 1 }, `imports itself: ${cycle.join(' -> ')}`, fix);
}

/** Arrows between folders that would make a cycle legal. */
function checkFolderTable(house: House): Violation[] {
  return Object.entries(house.folderArrows).flatMap(([roomFolder, arrows]) => {
    const edges = new Map(Object.entries(arrows).map(([from, to]) => [from, new Set(to)]));
    return findCycles(edges).map((cycle) => cycleOf('folder cycle', roomFolder, cycle));
  });
}

function add(edges: Map<string, Set<string>>, from: string, to: string): void {
  const targets = edges.get(from) ?? new Set<string>();
  targets.add(to);
  edges.set(from, targets);
}

/** Configuration of a build tool: it runs on a developer's machine, not in the product. */
function isBuildFile(path: string): boolean {
  return /(^|\/)[a-z-]+\.config\.ts$|^apps\/[a-z]+\/build\//.test(path);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function violation(rule: string, place: Place, what: string, fix: string): Violation {
  return { rule, ...place, what, fix };
}
