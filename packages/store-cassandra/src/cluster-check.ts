import type { CqlSession } from './cql-session.ts';

/** What a cluster may lack where the operator says so, each named after what is given up. */
export interface ClusterAllowances {
  /** Cassandra acknowledges before it has written to disk: a power cut takes the last seconds of acknowledged messages. */
  readonly periodicCommitLog: boolean;
  /** Conditional statements of the older kind: slower, and reads of them may be stale while nodes join or leave. */
  readonly paxosV1: boolean;
  /** Fewer than three copies: one lost node stops writing, or takes what only it had. */
  readonly fewReplicas: boolean;
  /** Only nodes of this data center write: others hold copies. Were there writers in both, they would overwrite each other. */
  readonly oneWritingDatacenter: boolean;
}

/** How a setting names each allowance. */
const allowanceNames: Readonly<Record<keyof ClusterAllowances, string>> = {
  periodicCommitLog: 'periodic_commit_log',
  paxosV1: 'paxos_v1',
  fewReplicas: 'few_replicas',
  oneWritingDatacenter: 'one_writing_datacenter',
};

/** What a node says of itself; null where this user may not read it. */
export interface NodeSettings {
  readonly address: string;
  readonly commitLogSync: string | null;
  readonly paxosVariant: string | null;
}

/** What the cluster says of itself. */
export interface ClusterFacts {
  /** Those of the local data center that can be reached: each has settings of its own. */
  readonly nodes: readonly NodeSettings[];
  /** Copies in the local data center. */
  readonly replicas: number;
  /** Other data centers that have copies, or may have some. */
  readonly otherDataCenters: readonly string[];
  /** Whether writes to the keyspace go into the commit log at all. */
  readonly isDurable: boolean;
}

interface KeyspaceRow {
  readonly durable_writes: boolean;
  readonly replication: Readonly<Record<string, string>>;
}

interface SettingRow {
  readonly name: string;
  readonly value: string | null;
}

const COPIES_MIN = 3;

const READ_SETTINGS = `SELECT name, value FROM system_views.settings WHERE name IN ('commitlog_sync', 'paxos_variant')`;
const READ_KEYSPACE =
  'SELECT durable_writes, replication FROM system_schema.keyspaces WHERE keyspace_name = ?';
const READ_DATA_CENTERS = 'SELECT data_center FROM system.peers';

/** Throws, naming each thing that does not fit and the allowance for it. Nodes that cannot be reached are not judged. */
export async function checkCluster(
  session: CqlSession,
  place: { readonly keyspace: string; readonly localDataCenter: string },
  allow: ClusterAllowances,
): Promise<void> {
  const faults = faultsOf(await readFacts(session, place), allow);
  if (faults.length > 0)
    throw new Error(`this cluster does not keep what Confab promises: ${faults.join('; ')}`);
}

/** What stands against using the cluster. */
export function faultsOf(facts: ClusterFacts, allow: ClusterAllowances): readonly string[] {
  const { nodes, replicas, otherDataCenters, isDurable } = facts;
  const faults: string[] = [];
  const add = (allowance: keyof ClusterAllowances, fault: string | null): void => {
    if (fault !== null && !allow[allowance])
      faults.push(`${fault} (or allow "${allowanceNames[allowance]}")`);
  };
  if (!isDurable) faults.push('the keyspace has durable_writes = false, it must be true');
  const syncs = nodes.map(({ address, commitLogSync }) => [address, commitLogSync] as const);
  add('periodicCommitLog', settingFault('commitlog_sync', syncs, ['batch', 'group']));
  const variants = nodes.map(({ address, paxosVariant }) => [address, paxosVariant] as const);
  add('paxosV1', settingFault('paxos_variant', variants, ['v2']));
  if (replicas < COPIES_MIN) {
    add('fewReplicas', `the keyspace has ${replicas} copies here, it must have ${COPIES_MIN}`);
  }
  if (otherDataCenters.length > 0) {
    // Conditions are decided within a data center, without asking another whether it decides otherwise.
    const others = otherDataCenters.join(' and ');
    add('oneWritingDatacenter', `the keyspace has copies in ${others} too, it must be in one data center`);
  }
  return faults;
}

/** The first node whose setting is none of those that are right; null where all of them are. */
function settingFault(
  name: string,
  values: readonly (readonly [address: string, value: string | null])[],
  right: readonly string[],
): string | null {
  const must = `it must be ${right.join(' or ')}`;
  if (values.length === 0) return `${name} can be asked of no node, ${must}`;
  const wrong = values.find(([, value]) => value === null || !right.includes(value));
  if (wrong === undefined) return null;
  const [address, value] = wrong;
  return `${name} is ${value ?? 'not readable by this user (system_views.settings)'} at ${address}, ${must}`;
}

async function readFacts(
  session: CqlSession,
  { keyspace, localDataCenter }: { readonly keyspace: string; readonly localDataCenter: string },
): Promise<ClusterFacts> {
  const [nodes, [row], peers] = await Promise.all([
    session.readNodes<SettingRow>(READ_SETTINGS, []),
    session.read<KeyspaceRow>(READ_KEYSPACE, [keyspace]),
    session.read<{ data_center: string | null }>(READ_DATA_CENTERS, []),
  ]);
  const { class: _strategy, replication_factor: anywhere, ...factors } = row?.replication ?? {};
  // Without a number for each data center, copies may be in any that there is.
  const holders =
    anywhere === undefined
      ? Object.keys(factors).filter((dataCenter) => Number.parseInt(factors[dataCenter] ?? '0', 10) > 0)
      : peers.flatMap(({ data_center: dataCenter }) => dataCenter ?? []);
  return {
    nodes: [...nodes].map(([address, settings]) => nodeSettings(address, settings)),
    replicas: Number.parseInt(factors[localDataCenter] ?? anywhere ?? '0', 10),
    otherDataCenters: [...new Set(holders)].filter((dataCenter) => dataCenter !== localDataCenter),
    isDurable: row?.durable_writes ?? false,
  };
}

function nodeSettings(address: string, rows: readonly SettingRow[] | null): NodeSettings {
  const valueOf = (name: string): string | null => rows?.find((row) => row.name === name)?.value ?? null;
  return { address, commitLogSync: valueOf('commitlog_sync'), paxosVariant: valueOf('paxos_variant') };
}
