import { describe, expect, test } from 'bun:test';
import {
  nodeBusSuite,
  nodeDirectorySuite,
  sessionRegistrySuite,
  type ClusterFixture,
} from '@confab/contracts/conformance';
import { createLocalCluster, type ClusterFault } from './index.ts';

async function open(): Promise<ClusterFixture> {
  const cluster = createLocalCluster({ onFault: () => undefined });
  return {
    node: async (node) => cluster.node(node),
    endLease: async (node) => cluster.endLease(node),
    loseRegistry: async () => undefined,
    settle: async () => undefined,
    close: async () => undefined,
  };
}

nodeDirectorySuite('cluster-local', open);
sessionRegistrySuite('cluster-local', open);
nodeBusSuite('cluster-local', open);

describe('local cluster', () => {
  const node = { nodeId: 'node-a', bootId: 'boot-1' };
  const typing = { kind: 'typing', userIds: [], conversationId: 'c', userId: 'ann' } as const;

  test('what receivers and responders throw is told', async () => {
    const faults: ClusterFault[] = [];
    const { bus } = createLocalCluster({ onFault: (fault) => faults.push(fault) }).node(node);
    const error = new Error('faulty');
    bus.subscribe('node-a', () => {
      throw error;
    });
    bus.respond('node-a', async () => {
      throw error;
    });
    bus.publish('node-a', typing);
    const refusal: unknown = await bus.request('node-a', {}).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ code: 'internal' });
    expect(String(refusal)).not.toContain('faulty');
    expect(faults).toEqual([
      { where: 'cluster-local/bus/receive', error },
      { where: 'cluster-local/bus/respond', error },
    ]);
  });

  test('an end of the lease that comes late leaves the next run alone', async () => {
    const cluster = createLocalCluster({ onFault: () => undefined });
    const { bus, directory } = cluster.node(node);
    let losses = 0;
    bus.onLoss('node-b', () => (losses += 1));
    await directory.join(node);
    await directory.join({ ...node, bootId: 'boot-2' });
    cluster.endLease(node);
    expect(directory.live()).toEqual(['node-a']);
    expect(losses).toBe(0);
  });

  test('a session claimed before its node joins is given once it has', async () => {
    const { registry, directory } = createLocalCluster({ onFault: () => undefined }).node(node);
    await registry.claim({ ...node, userId: 'ann', deviceId: 'd', connectionId: 'c' });
    expect(await registry.locate(['ann'])).toEqual(new Map());
    await directory.join(node);
    expect(await registry.locate(['ann'])).toEqual(new Map([['node-a', ['ann']]]));
  });
});
