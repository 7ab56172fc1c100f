import { describe, expect, test } from 'bun:test';
import type { NodeBus, NodeDirectory, NodeRecord, SessionRegistry } from '@confab/contracts';

/** An empty cluster, whose nodes the suites make up. */
export interface ClusterFixture {
  /** The ports as this node holds them; it has not joined. */
  node(node: NodeRecord): Promise<ClusterNodePorts>;
  /** Makes the lease of a node end, as if the node had fallen silent for long enough, and resolves when it has. */
  endLease(node: NodeRecord): Promise<void>;
  /** Makes the registry forget every row, where it is one that can. */
  loseRegistry(): Promise<void>;
  /** Resolves when every node knows what was done until now (joined, left, subscribed), and what was published arrived. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterNodePorts {
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
}

export const nodeA: NodeRecord = { nodeId: 'node-a', bootId: 'boot-a1' };
export const nodeAAgain: NodeRecord = { nodeId: 'node-a', bootId: 'boot-a2' };
export const nodeB: NodeRecord = { nodeId: 'node-b', bootId: 'boot-b1' };

/** [NODE1] and [NODE2] over an adapter; `open` gives a cluster of its own to each test. */
export function nodeDirectorySuite(adapter: string, open: () => Promise<ClusterFixture>): void {
  const within = async (check: (cluster: ClusterFixture) => Promise<void>): Promise<void> => {
    const cluster = await open();
    try {
      await check(cluster);
    } finally {
      await cluster.close();
    }
  };

  describe(`NodeDirectory: ${adapter}`, () => {
    test('[NODE1] a cluster nobody joined has no nodes', () =>
      within(async (cluster) => {
        const { directory } = await cluster.node(nodeA);
        expect(directory.live()).toEqual([]);
      }));

    test('[NODE1] nodes that joined are listed on every node, sorted', () =>
      within(async (cluster) => {
        const a = await cluster.node(nodeA);
        const b = await cluster.node(nodeB);
        await b.directory.join(nodeB);
        await a.directory.join(nodeA);
        await cluster.settle();
        expect(a.directory.live()).toEqual(['node-a', 'node-b']);
        expect(b.directory.live()).toEqual(['node-a', 'node-b']);
      }));

    test('[NODE1] joining twice lists a node once', () =>
      within(async (cluster) => {
        const { directory } = await cluster.node(nodeA);
        await directory.join(nodeA);
        await directory.join(nodeA);
        await cluster.settle();
        expect(directory.live()).toEqual(['node-a']);
      }));

    test('[NODE1] a node that left is not listed', () =>
      within(async (cluster) => {
        const a = await cluster.node(nodeA);
        const b = await cluster.node(nodeB);
        await a.directory.join(nodeA);
        await b.directory.join(nodeB);
        await a.directory.leave(nodeA);
        await cluster.settle();
        expect(b.directory.live()).toEqual(['node-b']);
      }));

    test('[NODE1] a node whose lease ended is not listed, until it joins again', () =>
      within(async (cluster) => {
        const a = await cluster.node(nodeA);
        const b = await cluster.node(nodeB);
        await a.directory.join(nodeA);
        await b.directory.join(nodeB);
        await cluster.endLease(nodeA);
        await cluster.settle();
        expect(b.directory.live()).toEqual(['node-b']);
        await a.directory.join(nodeA);
        await cluster.settle();
        expect(b.directory.live()).toEqual(['node-a', 'node-b']);
      }));

    test('[NODE1] a node that is back under another boot id is not ended by the leave of the run before', () =>
      within(async (cluster) => {
        const before = await cluster.node(nodeA);
        await before.directory.join(nodeA);
        const again = await cluster.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await before.directory.leave(nodeA);
        await cluster.settle();
        expect(again.directory.live()).toEqual(['node-a']);
      }));

    test('[NODE1] leaving without having joined is no error', () =>
      within(async (cluster) => {
        const { directory } = await cluster.node(nodeA);
        await directory.leave(nodeA);
        expect(directory.live()).toEqual([]);
      }));

    test('[NODE1] the list is the same array until it changes', () =>
      within(async (cluster) => {
        const { a, b } = await bothJoined(cluster);
        const [live, owners] = [a.directory.live(), a.directory.owners()];
        await a.directory.join(nodeA);
        await cluster.settle();
        expect(a.directory.live()).toBe(live);
        expect(a.directory.owners()).toBe(owners);
        await b.directory.leave(nodeB);
        await cluster.settle();
        expect(a.directory.live()).toEqual(['node-a']);
        expect(live).toEqual(['node-a', 'node-b']);
      }));

    test('[NODE2] every node that joined may own, sorted', () =>
      within(async (cluster) => {
        const { a, b } = await bothJoined(cluster);
        expect(a.directory.owners()).toEqual(['node-a', 'node-b']);
        expect(b.directory.owners()).toEqual(['node-a', 'node-b']);
      }));

    test('[NODE2] a node that retired lives and owns nothing, as every node sees', () =>
      within(async (cluster) => {
        const { a, b } = await bothJoined(cluster);
        await a.directory.retire(nodeA);
        await cluster.settle();
        for (const { directory } of [a, b]) {
          expect(directory.live()).toEqual(['node-a', 'node-b']);
          expect(directory.owners()).toEqual(['node-b']);
        }
      }));

    test('[NODE2] a node that retired may own again once it joins again', () =>
      within(async (cluster) => {
        const { a, b } = await bothJoined(cluster);
        await a.directory.retire(nodeA);
        await cluster.settle();
        await a.directory.join(nodeA);
        await cluster.settle();
        expect(b.directory.owners()).toEqual(['node-a', 'node-b']);
      }));

    test('[NODE2] a node that leaves or falls silent owns nothing', () =>
      within(async (cluster) => {
        const { a, b } = await bothJoined(cluster);
        await cluster.endLease(nodeA);
        await cluster.settle();
        expect(b.directory.owners()).toEqual(['node-b']);
        await a.directory.join(nodeA);
        await cluster.settle();
        await a.directory.leave(nodeA);
        await cluster.settle();
        expect(b.directory.owners()).toEqual(['node-b']);
      }));

    test('[NODE2] a node that is back under another boot id is not retired by the run before', () =>
      within(async (cluster) => {
        const before = await cluster.node(nodeA);
        await before.directory.join(nodeA);
        const again = await cluster.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await before.directory.retire(nodeA);
        await cluster.settle();
        expect(again.directory.owners()).toEqual(['node-a']);
      }));

    test('[NODE2] retiring without having joined is no error', () =>
      within(async (cluster) => {
        const { directory } = await cluster.node(nodeA);
        await directory.retire(nodeA);
        expect(directory.owners()).toEqual([]);
      }));
  });
}

async function bothJoined(cluster: ClusterFixture): Promise<{ a: ClusterNodePorts; b: ClusterNodePorts }> {
  const a = await cluster.node(nodeA);
  const b = await cluster.node(nodeB);
  await a.directory.join(nodeA);
  await b.directory.join(nodeB);
  await cluster.settle();
  return { a, b };
}
