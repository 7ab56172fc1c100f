import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { checkCode } from './code-rules.ts';
import { checkFiles, checkLinks } from './file-rules.ts';
import { readImportGraph } from './import-graph.ts';
import { checkLayers } from './layers.ts';
import { checkPublicDocs } from './public-docs.ts';
import { checkReadmes } from './readme-rules.ts';
import type { House, Room } from './rooms.ts';
import { checkRuleIds } from './rule-ids.ts';
import { readBannedEndings } from './style-words.ts';
import { readFolder, type Violation } from './tree.ts';

const tree = readFolder(join(import.meta.dir, '..', 'fixtures', 'broken'));

/** Put together here, because this file may not name one either. */
const HOME = ['', 'home', 'ada', ''].join('/');

const ROOM = {
  platform: [],
  platformOnlyUnder: {},
  testsMayImport: [],
  thirdPartyOnlyUnder: {},
  isAdapter: false,
  thirdParty: [],
} as const;
const low: Room = {
  ...ROOM,
  folder: 'packages/low',
  floor: 0,
  mayImport: [],
  thirdParty: ['left-pad'],
  thirdPartyOnlyUnder: { 'left-pad': 'packages/low/src/pads/' },
};
const high: Room = { ...ROOM, folder: 'packages/high', floor: 1, mayImport: ['low'] };
const store: Room = { ...ROOM, folder: 'packages/store-x', floor: 1, mayImport: ['high'], isAdapter: true };
const server: Room = { ...ROOM, folder: 'apps/server', floor: 2, mayImport: ['store-x'] };

const house: House = {
  scope: '@broken/',
  rooms: [low, high, store, server],
  composition: 'apps/server/src/compose.ts',
  testRunnerFolders: [],
  folderArrows: { 'packages/high': { one: [], two: [], ring: ['round'], round: ['ring'] } },
};

function summary(violations: readonly Violation[]): string[] {
  return violations.map(({ rule, file, line, what }) => `${rule}: ${file}:${line} ${what}`).sort();
}

test('the layer test finds every forbidden arrow', () => {
  expect(summary(checkLayers(readImportGraph(tree, house), house, tree))).toEqual([
    'adapter: apps/server/src/index.ts:1 names the adapter store-x',
    'arrow: packages/high/package.json:1 depends on elsewhere',
    'arrow: packages/high/src/index.ts:3 high imports store-x',
    'arrow: packages/high/src/index.ts:4 imports @broken/nothing, which is no room',
    'arrow: packages/low/src/upward.ts:1 low imports high',
    'by path: packages/high/src/index.ts:1 reaches packages/low/src/index.ts by path',
    'computed: packages/low/src/third.ts:3 imports a computed name',
    'face: packages/high/src/index.ts:2 imports a part of low that its package.json does not export',
    'file cycle: packages/high/src/index.ts:1 imports itself: packages/high/src/index.ts -> packages/low/src/index.ts -> packages/low/src/upward.ts -> packages/high/src/index.ts',
    'file cycle: packages/low/src/cycle-one.ts:1 imports itself: packages/low/src/cycle-one.ts -> packages/low/src/cycle-two.ts -> packages/low/src/cycle-one.ts',
    'folder cycle: packages/high:1 imports itself: ring -> round -> ring',
    'folder: packages/high/src/one/a.ts:1 the folder one imports the folder two',
    'folder: packages/high/src/three/c.ts:1 the folder three has no row',
    'missing: packages/low/src/third.ts:3 imports ./gone.ts, which does not exist',
    'platform: packages/low/src/platform.ts:1 imports node:fs',
    'platform: packages/low/src/platform.ts:2 imports fs',
    'platform: packages/low/src/platform.ts:3 imports bun:test',
    'room cycle: packages/high:1 imports itself: high -> low -> high',
    'room: packages/store-x/package.json:1 is named @broken/storage',
    'room: packages/unknown/package.json:1 is in no row of the table',
    'table: tools/tidy/src/rooms.ts:1 the table lets store-x (floor 1) import high (floor 1)',
    'third party: packages/low/src/third.ts:1 imports left-pad',
    'third party: packages/low/src/third.ts:2 imports right-pad, which packages/low/package.json does not name',
    'third party: packages/store-x/package.json:1 third-party dependencies are extra; the table says nothing',
    'undeclared: packages/high/src/index.ts:3 imports store-x, which its package.json does not name',
    'undeclared: packages/low/src/upward.ts:1 imports high, which its package.json does not name',
  ]);
});

test('tidy finds a README that is missing or says other imports', () => {
  expect(summary(checkReadmes(tree, house))).toEqual([
    'readme: packages/high/README.md:2 says other imports than the manifest and the table of rooms',
    'readme: packages/store-x/README.md:1 is missing',
  ]);
});

test('tidy finds odd names, long files, machine paths, odd hosts and dead links', () => {
  expect(summary([...checkFiles(tree), ...checkLinks(tree)])).toEqual([
    'empty name: packages/core/src/utils/badName.ts:1 "utils" says nothing',
    'kebab-case: packages/core/src/utils/badName.ts:1 "badName.ts" is not kebab-case',
    'length: packages/core/src/long.ts:401 has 401 lines; the most is 400',
    'link: README.md:3 links to docs/nowhere.md, which does not exist',
    'lockfile: package-lock.json:2 comes from registry.example.test',
    `machine path: packages/core/src/utils/badName.ts:1 names ${HOME}`,
  ]);
});

test('tidy finds empty type names, stray markers, sleeps and cluster switches', () => {
  expect(summary(checkCode(tree, readBannedEndings(tree)))).toEqual([
    'cluster switch: packages/core/src/cluster.ts:1 branches on isCluster',
    'marker: packages/low/src/naming.ts:1 says TODO',
    'sleep: packages/low/src/low.test.ts:3 waits with setTimeout',
    'type name: packages/low/src/naming.ts:4 ThingManager ends in Manager',
  ]);
});

test('tidy finds rules without a test and tests without a rule', () => {
  expect(summary(checkRuleIds(tree))).toEqual([
    'rule id: docs/guarantees.md:3 defines [G1] a second time',
    'rule id: docs/guarantees.md:5 no test carries [G2]',
    'rule id: packages/low/src/low.test.ts:3 [G3] is marked (planned) but has a test',
    'rule id: packages/low/src/low.test.ts:3 [G9] is no rule',
  ]);
});

test('tidy finds public exports without a doc comment', () => {
  expect(summary(checkPublicDocs(tree, ['packages/low']))).toEqual([
    'public doc: packages/low/src/naming.ts:3 exports undocumented without a doc comment',
  ]);
});
