import type { Tree } from './tree.ts';

/** What a room's package.json says about its imports and its face. */
export type Manifest = {
  readonly name: string;
  /** dependencies and peerDependencies: what the source may import. */
  readonly dependencies: readonly string[];
  /** devDependencies: what tests and build files may import besides. */
  readonly devDependencies: readonly string[];
  /** Subpath ('.' or './react') -> file, from the root of the repository. */
  readonly faces: ReadonlyMap<string, string>;
  /** `#name` -> file, from the root of the repository: what the room calls differently on different platforms. */
  readonly aliases: ReadonlyMap<string, string>;
};

type Targets = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

type PackageJson = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Targets;
  readonly imports?: Targets;
};

/** The manifest of the room in `folder`; undefined where it has none. */
export function readManifest(tree: Tree, folder: string): Manifest | undefined {
  const file = `${folder}/package.json`;
  if (!tree.has(file)) return undefined;
  const json = JSON.parse(tree.read(file)) as PackageJson;
  return {
    name: json.name,
    dependencies: Object.keys({ ...json.dependencies, ...json.peerDependencies }).sort(),
    devDependencies: Object.keys({ ...json.devDependencies }).sort(),
    faces: sourcesOf(json.exports ?? {}, folder),
    aliases: sourcesOf(json.imports ?? {}, folder),
  };
}

function sourcesOf(targets: Targets, folder: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(targets).map(([name, target]) => [
      name,
      `${folder}/${sourceOf(target).replace(/^\.\//, '')}`,
    ]),
  );
}

/** Of conditional exports the one that types are read from: that is the source. */
function sourceOf(target: string | Readonly<Record<string, string>>): string {
  if (typeof target === 'string') return target;
  const source = target['types'] ?? target['bun'] ?? target['default'];
  if (source === undefined) throw new Error('conditional exports without types, bun or default');
  return source;
}
