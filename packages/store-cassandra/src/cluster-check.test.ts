import { afterAll, describe, expect, test } from 'bun:test';
import { checkCluster, type ClusterAllowances, type ClusterFacts, faultsOf } from './cluster-check.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from './testing/test-keyspace.ts';

const NOTHING: ClusterAllowances = { periodicCommitLog: false, paxosV1: false, fewReplicas: false };
const GOOD: ClusterFacts = { commitLogSync: 'batch', paxosVariant: 'v2', replicas: 3 };

describe('what a cluster must have', () => {
  test('a cluster that keeps what is promised has no faults', () => {
    expect(faultsOf(GOOD, NOTHING)).toEqual([]);
    expect(faultsOf({ ...GOOD, commitLogSync: 'group' }, NOTHING)).toEqual([]);
  });

  const faults: readonly [Partial<ClusterFacts>, keyof ClusterAllowances, string][] = [
    [{ commitLogSync: 'periodic' }, 'periodicCommitLog', 'commitlog_sync is periodic'],
    [{ commitLogSync: null }, 'periodicCommitLog', 'commitlog_sync is not readable'],
    [{ paxosVariant: 'v1' }, 'paxosV1', 'paxos_variant is v1'],
    [
      { paxosVariant: 'v2_without_linearizable_reads_or_rejected_writes' },
      'paxosV1',
      'paxos_variant is v2_without',
    ],
    [{ replicas: 2 }, 'fewReplicas', 'has 2 copies'],
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
});

describe.skipIf(testNode === undefined)(`asking a real cluster ${NEEDS_CASSANDRA}`, () => {
  afterAll(dropTestKeyspace);

  test('the copies of a keyspace are those of its own data center', async () => {
    const keyspace = await testKeyspace();
    const session = await keyspace.openSession();
    const place = { keyspace: keyspace.name, localDataCenter: keyspace.connection.localDataCenter };
    const allowOthers = { ...NOTHING, periodicCommitLog: true, paxosV1: true };
    const asked = checkCluster(session, place, allowOthers);
    expect(asked).rejects.toThrow('has 1 copies here, it must have 3 (or allow "few_replicas")');
    await asked.catch(() => {});
    await checkCluster(session, place, { ...allowOthers, fewReplicas: true });
    await session.close();
  });
});
