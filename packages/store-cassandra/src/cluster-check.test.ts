import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import {
  checkCluster,
  type ClusterAllowances,
  type ClusterFacts,
  faultsOf,
  type NodeSettings,
} from './cluster-check.ts';
import { changedSession } from './testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from './testing/test-keyspace.ts';

const TEST_TIMEOUT_MS = 60_000;
const NOTHING: ClusterAllowances = {
  periodicCommitLog: false,
  paxosV1: false,
  fewReplicas: false,
  oneWritingDatacenter: false,
};
const NODE: NodeSettings = { address: '192.0.2.1:9042', commitLogSync: 'batch', paxosVariant: 'v2' };
const GOOD: ClusterFacts = { nodes: [NODE, NODE], replicas: 3, otherDataCenters: [], isDurable: true };

setDefaultTimeout(TEST_TIMEOUT_MS);

describe('what a cluster must have', () => {
  test('a cluster that keeps what is promised has no faults', () => {
    expect(faultsOf(GOOD, NOTHING)).toEqual([]);
    expect(faultsOf({ ...GOOD, nodes: [{ ...NODE, commitLogSync: 'group' }] }, NOTHING)).toEqual([]);
  });

  /** One node after another that is as it should be. */
  const oneOfTwo = (change: Partial<NodeSettings>): Partial<ClusterFacts> => ({
    nodes: [NODE, { ...NODE, address: '192.0.2.2:9042', ...change }],
  });

  const faults: readonly [Partial<ClusterFacts>, keyof ClusterAllowances, string][] = [
    [
      oneOfTwo({ commitLogSync: 'periodic' }),
      'periodicCommitLog',
      'commitlog_sync is periodic at 192.0.2.2:9042',
    ],
    [oneOfTwo({ commitLogSync: null }), 'periodicCommitLog', 'commitlog_sync is not readable'],
    [oneOfTwo({ paxosVariant: 'v1' }), 'paxosV1', 'paxos_variant is v1 at 192.0.2.2:9042'],
    [
      oneOfTwo({ paxosVariant: 'v2_without_linearizable_reads_or_rejected_writes' }),
      'paxosV1',
      'paxos_variant is v2_without',
    ],
    [{ replicas: 2 }, 'fewReplicas', 'has 2 copies'],
    [{ otherDataCenters: ['east'] }, 'oneWritingDatacenter', 'has copies in east too'],
  ];

  for (const [change, allowance, words] of faults) {
    test(`${words} is refused by name, and taken where it is allowed`, () => {
      const facts = { ...GOOD, ...change };
      const [fault, ...others] = faultsOf(facts, NOTHING);
      expect(fault).toContain(words);
      expect(others).toEqual([]);
      expect(faultsOf(facts, { ...NOTHING, [allowance]: true })).toEqual([]);
    });
  }

  test('a keyspace whose writes are not durable is refused whatever is allowed', () => {
    const everything: ClusterAllowances = {
      periodicCommitLog: true,
      paxosV1: true,
      fewReplicas: true,
      oneWritingDatacenter: true,
    };
    const [fault] = faultsOf({ ...GOOD, isDurable: false }, everything);
    expect(fault).toContain('durable_writes = false');
  });

  test('settings that no node can be asked for are refused', () => {
    expect(faultsOf({ ...GOOD, nodes: [] }, NOTHING)).toHaveLength(2);
  });
});

describe.skipIf(testNode === undefined)(`asking a real cluster ${NEEDS_CASSANDRA}`, () => {
  afterAll(dropTestKeyspace);

  const allowCopies: ClusterAllowances = { ...NOTHING, periodicCommitLog: true, paxosV1: true };
  const allowSettings: ClusterAllowances = { ...allowCopies, fewReplicas: true };

  async function problemOf(allow: ClusterAllowances, replication?: Record<string, string>): Promise<string> {
    const keyspace = await testKeyspace();
    const session = await keyspace.openSession();
    const asked = changedSession(session, {
      async read<Row>(cql: string, params: Parameters<typeof session.read>[1]) {
        const rows = await session.read<Row>(cql, params);
        return replication !== undefined && cql.includes('replication')
          ? rows.map((row) => ({ ...row, replication }))
          : rows;
      },
    });
    const place = { keyspace: keyspace.name, localDataCenter: keyspace.connection.localDataCenter };
    try {
      await checkCluster(asked, place, allow);
      return 'none';
    } catch (error) {
      return String(error);
    } finally {
      await session.close();
    }
  }

  test('the copies of a keyspace are those of its own data center', async () => {
    expect(await problemOf(allowCopies)).toContain(
      'has 1 copies here, it must have 3 (or allow "few_replicas")',
    );
    expect(await problemOf(allowSettings)).toBe('none');
  });

  test('a keyspace with copies in another data center is refused, unless only this one writes', async () => {
    const { localDataCenter } = (await testKeyspace()).connection;
    const both = { class: 'NetworkTopologyStrategy', [localDataCenter]: '3', east: '3', west: '0' };
    expect(await problemOf(allowSettings, both)).toContain(
      'has copies in east too, it must be in one data center (or allow "one_writing_datacenter")',
    );
    expect(await problemOf({ ...allowSettings, oneWritingDatacenter: true }, both)).toBe('none');
  });

  test('a keyspace that does without the commit log is refused', async () => {
    const keyspace = await testKeyspace();
    const { name } = keyspace;
    const session = await keyspace.openSession();
    await session.define(`ALTER KEYSPACE ${name} WITH durable_writes = false`);
    expect(await problemOf(allowSettings)).toContain('durable_writes = false');
    await session.define(`ALTER KEYSPACE ${name} WITH durable_writes = true`);
    await session.close();
  });

  test('each node is asked for settings of its own', async () => {
    const session = await (await testKeyspace()).openSession();
    const settings = await session.readNodes<{ value: string }>(
      "SELECT value FROM system_views.settings WHERE name = 'paxos_variant'",
      [],
    );
    expect([...settings.keys()]).toContain(testNode ?? '');
    expect([...settings.values()].every((rows) => typeof rows?.[0]?.value === 'string')).toBe(true);
    const unreadable = await session.readNodes('SELECT value FROM system_views.no_such_table', []);
    expect([...unreadable.values()]).toEqual([...settings.keys()].map(() => null));
    await session.close();
  });
});
