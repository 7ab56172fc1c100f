/** One room of the house: a package, what it stands on and what it may use. */
export type Room = {
  /** Where it is, from the root of the repository. */
  readonly folder: string;
  /** An arrow may only go to a lower floor, and only where `mayImport` lists it. */
  readonly floor: number;
  /** Rooms its source may import, by the last word of their folder. */
  readonly mayImport: readonly string[];
  /** Rooms its tests may import besides. */
  readonly testsMayImport: readonly string[];
  /** What of the runtime its source may import. Tests may import all of it. */
  readonly platform: readonly Platform[];
  /** Parts of the runtime that only part of the room may import, and that part. */
  readonly platformOnlyUnder: Readonly<Partial<Record<Platform, string>>>;
  /** Third-party packages, exactly as in its manifest; `declared`: whatever the manifest says. */
  readonly thirdParty: readonly string[] | 'declared';
  /** Third-party packages that only part of the room may import, and that part. */
  readonly thirdPartyOnlyUnder: Readonly<Record<string, string>>;
  /** An adapter is named in the composition and nowhere else in the applications. */
  readonly isAdapter: boolean;
};

export type Platform = 'node:*' | 'bun';

/** The whole table: what `layers.ts` checks a tree against. */
export type House = {
  readonly scope: string;
  readonly rooms: readonly Room[];
  /** The one file of the applications that may name an adapter. */
  readonly composition: string;
  /** Folders that are no tests but may import the test runner. */
  readonly testRunnerFolders: readonly string[];
  /** Rooms whose folders have arrows of their own: room folder -> folder -> folders it may import. */
  readonly folderArrows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

const PURE = {
  platform: [],
  platformOnlyUnder: {},
  testsMayImport: ['testkit'],
  thirdPartyOnlyUnder: {},
  isAdapter: false,
} as const;
const SERVER = { ...PURE, platform: ['node:*', 'bun'] } as const;
const ADAPTER = { ...SERVER, isAdapter: true } as const;

const SERVER_SIDE = [
  'api',
  'cluster-local',
  'cluster-redis',
  'contracts',
  'conversation',
  'core',
  'gateway',
  'identity',
  'protocol',
  'store-cassandra',
  'store-sqlite',
];

export const HOUSE: House = {
  scope: '@confab/',
  composition: 'apps/server/src/compose.ts',
  testRunnerFolders: ['packages/contracts/conformance'],
  rooms: [
    { ...PURE, folder: 'packages/protocol', floor: 0, mayImport: [], thirdParty: ['typebox'] },
    { ...PURE, folder: 'packages/conversation', floor: 1, mayImport: ['protocol'], thirdParty: [] },
    {
      ...PURE,
      folder: 'packages/contracts',
      floor: 2,
      mayImport: ['conversation', 'protocol'],
      thirdParty: [],
    },
    {
      ...PURE,
      folder: 'packages/client',
      floor: 2,
      platform: ['node:*'],
      platformOnlyUnder: { 'node:*': 'packages/client/src/node/' },
      mayImport: ['conversation', 'protocol'],
      thirdParty: ['idb', 'react', 'ws'],
      thirdPartyOnlyUnder: { react: 'packages/client/src/react/' },
    },
    {
      ...PURE,
      folder: 'packages/core',
      floor: 3,
      mayImport: ['contracts', 'conversation', 'protocol'],
      thirdParty: [],
    },
    {
      ...ADAPTER,
      folder: 'packages/store-sqlite',
      floor: 4,
      mayImport: ['contracts', 'conversation', 'protocol'],
      thirdParty: [],
    },
    {
      ...ADAPTER,
      folder: 'packages/store-cassandra',
      floor: 4,
      mayImport: ['contracts', 'conversation', 'protocol'],
      thirdParty: ['cassandra-driver'],
    },
    {
      ...ADAPTER,
      folder: 'packages/cluster-redis',
      floor: 4,
      mayImport: ['contracts', 'conversation', 'protocol'],
      thirdParty: ['ioredis'],
    },
    {
      ...ADAPTER,
      folder: 'packages/cluster-local',
      floor: 4,
      mayImport: ['contracts', 'conversation', 'protocol'],
      thirdParty: [],
    },
    {
      ...ADAPTER,
      folder: 'packages/identity',
      floor: 4,
      mayImport: ['contracts', 'protocol'],
      thirdParty: ['jose'],
    },
    {
      ...SERVER,
      folder: 'packages/gateway',
      floor: 5,
      mayImport: ['contracts', 'conversation', 'core', 'protocol'],
      thirdParty: [],
    },
    {
      ...SERVER,
      folder: 'packages/api',
      floor: 5,
      mayImport: ['contracts', 'conversation', 'core', 'protocol'],
      thirdParty: [],
    },
    {
      ...SERVER,
      folder: 'apps/server',
      floor: 6,
      mayImport: SERVER_SIDE,
      testsMayImport: ['client', 'testkit'],
      thirdParty: ['comlink', 'pino', 'prom-client'],
    },
    { ...PURE, folder: 'apps/web', floor: 6, mayImport: ['client'], thirdParty: 'declared' },
    {
      ...SERVER,
      folder: 'packages/testkit',
      floor: 7,
      mayImport: [
        'api',
        'client',
        'cluster-local',
        'cluster-redis',
        'contracts',
        'conversation',
        'core',
        'gateway',
        'identity',
        'protocol',
      ],
      thirdParty: 'declared',
    },
    ...['services', 'setup'].map((name) => ({
      ...PURE,
      folder: `tools/${name}`,
      floor: 7,
      mayImport: [],
      platform: ['node:*'] as const,
      thirdParty: [],
    })),
    { ...SERVER, folder: 'tools/cluster', floor: 8, mayImport: ['services'], thirdParty: [] },
    ...['bench', 'docs', 'faults', 'tidy'].map((name) => ({
      ...SERVER,
      folder: `tools/${name}`,
      floor: 9,
      mayImport: [...SERVER_SIDE, 'client', 'cluster', 'server', 'services', 'testkit'],
      thirdParty: 'declared' as const,
    })),
  ],
  folderArrows: {
    'packages/core': {
      admission: [],
      log: [],
      membership: [],
      face: ['log'],
      delivery: ['face', 'log'],
      typing: ['admission', 'delivery', 'membership'],
      work: ['log', 'membership'],
      accounts: ['admission', 'delivery', 'face', 'log'],
      receipts: ['delivery', 'log', 'membership'],
      conversations: ['accounts', 'log', 'membership', 'receipts'],
      sync: ['conversations', 'delivery', 'face', 'log', 'membership', 'receipts'],
      operations: [
        'accounts',
        'admission',
        'conversations',
        'face',
        'log',
        'membership',
        'receipts',
        'sync',
        'typing',
      ],
    },
  },
};

/** The name by which other rooms list it. */
export function nameOf(room: Room): string {
  return room.folder.slice(room.folder.lastIndexOf('/') + 1);
}
