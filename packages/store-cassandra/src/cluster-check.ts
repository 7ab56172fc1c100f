import type { CqlSession } from './cql-session.ts';

/** What a cluster may lack where the operator says so, each named after what is given up. */
export interface ClusterAllowances {
  /** Cassandra acknowledges before it has written to disk: a power cut takes the last seconds of acknowledged messages. */
  readonly periodicCommitLog: boolean;
  /** Conditional statements of the older kind: slower, and reads of them may be stale while nodes join or leave. */
  readonly paxosV1: boolean;
  /** Fewer than three copies: one lost node stops writing, or takes what only it had. */
  readonly fewReplicas: boolean;
}

/** How a setting names each allowance. */
const allowanceNames: Readonly<Record<keyof ClusterAllowances, string>> = {
  periodicCommitLog: 'periodic_commit_log',
  paxosV1: 'paxos_v1',
  fewReplicas: 'few_replicas',
};

/** What the cluster says of itself; null where this user may not read it. */
export interface ClusterFacts {
  readonly commitLogSync: string | null;
  readonly paxosVariant: string | null;
  /** Copies in the local data center. */
  readonly replicas: number;
}

const COPIES_MIN = 3;

/** Throws, naming each thing that does not fit and the allowance for it. */
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
  const { commitLogSync, paxosVariant, replicas } = facts;
  const faults: string[] = [];
  if (!allow.periodicCommitLog && commitLogSync !== 'batch' && commitLogSync !== 'group') {
    faults.push(
      `commitlog_sync is ${said(commitLogSync)}, it must be batch or group (or allow "${allowanceNames.periodicCommitLog}")`,
    );
  }
  if (!allow.paxosV1 && paxosVariant !== 'v2') {
    faults.push(
      `paxos_variant is ${said(paxosVariant)}, it must be v2 (or allow "${allowanceNames.paxosV1}")`,
    );
  }
  if (!allow.fewReplicas && replicas < COPIES_MIN) {
    faults.push(
      `the keyspace has ${replicas} copies here, it must have ${COPIES_MIN} (or allow "${allowanceNames.fewReplicas}")`,
    );
  }
  return faults;
}

function said(value: string | null): string {
  return value ?? 'not readable by this user (system_views.settings)';
}

async function readFacts(
  session: CqlSession,
  { keyspace, localDataCenter }: { readonly keyspace: string; readonly localDataCenter: string },
): Promise<ClusterFacts> {
  const [commitLogSync, paxosVariant] = await Promise.all(
    ['commitlog_sync', 'paxos_variant'].map((name) => readSetting(session, name)),
  );
  const [row] = await session.read<{ replication: Readonly<Record<string, string>> }>(
    'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?',
    [keyspace],
  );
  const factors = row?.replication ?? {};
  const replicas = Number.parseInt(factors[localDataCenter] ?? factors['replication_factor'] ?? '0', 10);
  return { commitLogSync: commitLogSync ?? null, paxosVariant: paxosVariant ?? null, replicas };
}

/** Of the node that is asked; clusters are expected to be set up alike. */
async function readSetting(session: CqlSession, name: string): Promise<string | null> {
  try {
    const [row] = await session.read<{ value: string | null }>(
      'SELECT value FROM system_views.settings WHERE name = ?',
      [name],
    );
    return row?.value ?? null;
  } catch {
    return null;
  }
}
