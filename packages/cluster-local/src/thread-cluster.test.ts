import { describe, expect, test } from 'bun:test';
import type { NodeRecord } from '@confab/contracts';
import {
  type ClusterFixture,
  nodeA,
  nodeAAgain,
  nodeB,
  nodeBusSuite,
  nodeDirectorySuite,
  sessionRegistrySuite,
} from '@confab/contracts/conformance';
import { joinThreadCluster, type ThreadCluster } from './index.ts';

/** Both ends in this thread: ports do not know the difference. */
async function open(): Promise<ClusterFixture> {
  const { port1, port2 } = new MessageChannel();
  const onFault = (): void => undefined;
  const threads: readonly [ThreadCluster, ThreadCluster] = [
    joinThreadCluster({ node: nodeA, ports: [port1], onFault }),
    joinThreadCluster({ node: nodeB, ports: [port2], onFault }),
  ];
  const [a, b] = threads;
  const nobody = { userId: 'nobody', deviceId: 'none', connectionId: 'none', ...nodeA };
  return {
    node: async ({ nodeId }) => (nodeId === nodeA.nodeId ? a : b),
    endLease: async (node) => threads.forEach((thread) => thread.endLease(node)),
    loseRegistry: async () => undefined,
    // Ports keep their order, so what is noted now comes after all that was said.
    settle: async () => void (await Promise.all(threads.map(({ registry }) => registry.release(nobody)))),
    close: async () => threads.forEach((thread) => thread.close()),
  };
}

nodeDirectorySuite('cluster-local between threads', open);
sessionRegistrySuite('cluster-local between threads', open);
nodeBusSuite('cluster-local between threads', open);

describe('a cluster of threads', () => {
  test('[NODE1] [BUS3] [BUS4] a thread that ends without a word is known to be gone', async () => {
    const { port1, port2 } = new MessageChannel();
    const a = joinThreadCluster({ node: nodeA, ports: [port1], onFault: () => undefined });
    const worker = new Worker(new URL('./fixtures/joined-thread.ts', import.meta.url).href);
    worker.postMessage({ node: nodeB, port: port2 }, [port2]);
    await a.directory.join(nodeA);
    await listed(a, nodeB);
    expect(await a.bus.request(nodeB.nodeId, 'who')).toBe(nodeB.nodeId);
    const lost = Promise.withResolvers<void>();
    a.bus.onLoss(nodeA.nodeId, lost.resolve);
    const unanswered = a.bus.request(nodeB.nodeId, 'never answer').catch((error: unknown) => error);
    worker.terminate();
    await lost.promise;
    expect(a.directory.live()).toEqual([nodeA.nodeId]);
    expect(await unanswered).toMatchObject({ code: 'unavailable' });
    // Nobody is left to note it or to answer, and none of it waits.
    await a.directory.retire(nodeA);
    const late = await a.bus.request(nodeB.nodeId, 'who').catch((error: unknown) => error);
    expect(late).toMatchObject({ code: 'unavailable' });
    a.close();
  });

  test('[BUS1] [BUS4] what was published before a thread lets go arrives, and it takes no other for lost', async () => {
    const { port1, port2 } = new MessageChannel();
    const a = joinThreadCluster({ node: nodeA, ports: [port1], onFault: () => undefined });
    const b = joinThreadCluster({ node: nodeB, ports: [port2], onFault: () => undefined });
    await Promise.all([a.directory.join(nodeA), b.directory.join(nodeB)]);
    const arrived = Promise.withResolvers<unknown>();
    b.bus.subscribe(nodeB.nodeId, arrived.resolve);
    let losses = 0;
    a.bus.onLoss(nodeA.nodeId, () => (losses += 1));
    const typing = { kind: 'typing', userIds: ['bob'], conversationId: 'c', userId: 'ann' } as const;
    a.bus.publish(nodeB.nodeId, typing);
    a.close();
    expect(await arrived.promise).toEqual(typing);
    expect(losses).toBe(0);
    expect(a.directory.live()).toEqual([nodeA.nodeId, nodeB.nodeId]);
    b.close();
  });

  test('[REG3] an end that is noticed late leaves the next run alone, and nothing is told to be lost', async () => {
    const a = joinThreadCluster({ node: nodeA, ports: [], onFault: () => undefined });
    await a.directory.join(nodeAAgain);
    let losses = 0;
    a.bus.onLoss(nodeB.nodeId, () => (losses += 1));
    a.endLease(nodeA);
    expect(a.directory.live()).toEqual([nodeA.nodeId]);
    expect(losses).toBe(0);
  });
});

async function listed({ directory }: ThreadCluster, { nodeId }: NodeRecord): Promise<void> {
  while (!directory.live().includes(nodeId)) await new Promise<void>((resolve) => setImmediate(resolve));
}
