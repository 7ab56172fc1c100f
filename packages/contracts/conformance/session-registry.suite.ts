import { describe, expect, test } from 'bun:test';
import type { NodeRecord, SessionRecord } from '@confab/contracts';
import {
  nodeA,
  nodeAAgain,
  nodeB,
  type ClusterFixture,
  type ClusterNodePorts,
} from './node-directory.suite.ts';

/** [REG1] to [REG5] over an adapter; `open` gives a cluster of its own to each test. */
export function sessionRegistrySuite(adapter: string, open: () => Promise<ClusterFixture>): void {
  /** Runs a check in a cluster in which nodes A and B are alive. */
  const within = async (check: (cluster: TwoNodes) => Promise<void>): Promise<void> => {
    const fixture = await open();
    try {
      const a = await fixture.node(nodeA);
      const b = await fixture.node(nodeB);
      await a.directory.join(nodeA);
      await b.directory.join(nodeB);
      await fixture.settle();
      await check({ fixture, a, b });
    } finally {
      await fixture.close();
    }
  };

  describe(`SessionRegistry: ${adapter}`, () => {
    test('[REG1] nobody is located where nobody is', () =>
      within(async ({ a }) => {
        expect(await located(a, ['ann'])).toEqual({});
        expect(await located(a, [])).toEqual({});
      }));

    test('[REG1] each node is given with those of the users it holds, from any node', () =>
      within(async ({ a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await a.registry.claim(session('bob', 'c2', nodeA));
        await b.registry.claim(session('bob', 'c3', nodeB));
        await b.registry.claim(session('eve', 'c4', nodeB));
        const expected = { 'node-a': ['ann', 'bob'], 'node-b': ['bob'] };
        expect(await located(a, ['ann', 'bob', 'nobody'])).toEqual(expected);
        expect(await located(b, ['ann', 'bob', 'nobody'])).toEqual(expected);
      }));

    test('[REG1] a user with several sessions on a node is given once', () =>
      within(async ({ a, b }) => {
        for (const connectionId of ['c1', 'c2', 'c3']) {
          await a.registry.claim(session('ann', connectionId, nodeA));
        }
        expect(await located(b, ['ann'])).toEqual({ 'node-a': ['ann'] });
      }));

    test('[REG1] a user is located until the last session is released', () =>
      within(async ({ a }) => {
        const sessions = ['c1', 'c2', 'c3'].map((connectionId) => session('ann', connectionId, nodeA));
        for (const one of sessions) await a.registry.claim(one);
        for (const one of sessions) {
          expect(await located(a, ['ann'])).toEqual({ 'node-a': ['ann'] });
          await a.registry.release(one);
        }
        expect(await located(a, ['ann'])).toEqual({});
      }));

    test('[REG1] claiming one session twice is claiming it once', () =>
      within(async ({ a }) => {
        const one = session('ann', 'c1', nodeA);
        const other = session('ann', 'c2', nodeA);
        for (const each of [one, one, other, other]) await a.registry.claim(each);
        await a.registry.release(one);
        await a.registry.release(other);
        expect(await located(a, ['ann'])).toEqual({});
      }));

    test('[REG2] the release of an old connection leaves a newer one of the same device', () =>
      within(async ({ a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await a.registry.claim(session('ann', 'c2', nodeA));
        await a.registry.release(session('ann', 'c1', nodeA));
        expect(await located(b, ['ann'])).toEqual({ 'node-a': ['ann'] });
      }));

    test('[REG2] the release of a connection leaves a newer one of the same device on another node', () =>
      within(async ({ a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await b.registry.claim(session('ann', 'c2', nodeB));
        await a.registry.release(session('ann', 'c1', nodeA));
        expect(await located(a, ['ann'])).toEqual({ 'node-b': ['ann'] });
      }));

    test('[REG2] a release under an earlier boot id removes nothing', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        const again = await fixture.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await again.registry.claim(session('ann', 'c1', nodeAAgain));
        await a.registry.release(session('ann', 'c1', nodeA));
        await fixture.settle();
        expect(await located(b, ['ann'])).toEqual({ 'node-a': ['ann'] });
      }));

    test('[REG2] releasing what is not there is no error', () =>
      within(async ({ a }) => {
        await a.registry.release(session('ann', 'c1', nodeA));
        await a.registry.claim(session('ann', 'c1', nodeA));
        await a.registry.release(session('ann', 'c9', nodeA));
        await a.registry.release(session('bob', 'c1', nodeA));
        expect(await located(a, ['ann', 'bob'])).toEqual({ 'node-a': ['ann'] });
      }));

    test('[REG3] sessions of a node whose lease ended are not given', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await b.registry.claim(session('bob', 'c2', nodeB));
        await fixture.endLease(nodeA);
        await fixture.settle();
        expect(await located(b, ['ann', 'bob'])).toEqual({ 'node-b': ['bob'] });
      }));

    test('[REG3] sessions of a node that left are not given', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await a.directory.leave(nodeA);
        await fixture.settle();
        expect(await located(b, ['ann'])).toEqual({});
      }));

    test('[REG3] sessions of an earlier run of a node are not given, those of the new one are', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await a.registry.claim(session('bob', 'c2', nodeA));
        const again = await fixture.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await again.registry.claim(session('bob', 'c3', nodeAAgain));
        await fixture.settle();
        expect(await located(b, ['ann', 'bob'])).toEqual({ 'node-a': ['bob'] });
      }));

    test('[REG3] what an earlier run claims after the new one began is not given', () =>
      within(async ({ fixture, a, b }) => {
        const again = await fixture.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await again.registry.claim(session('bob', 'c2', nodeAAgain));
        await a.registry.claim(session('ann', 'c1', nodeA));
        await fixture.settle();
        expect(await located(b, ['ann', 'bob'])).toEqual({ 'node-a': ['bob'] });
      }));

    test('[REG4] after the registry was lost every session is given, and never fewer', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await b.registry.claim(session('bob', 'c2', nodeB));
        await a.registry.follow({ conversationId: 'k', ...nodeA });
        await fixture.loseRegistry();
        for (const node of [a, b]) {
          const found = await located(node, ['ann', 'bob']);
          expect(found['node-a']).toContain('ann');
          expect(found['node-b']).toContain('bob');
          expect(await node.registry.followers('k')).toContain('node-a');
        }
      }));

    test('[REG4] what is claimed after the registry was lost is given besides', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.claim(session('ann', 'c1', nodeA));
        await fixture.loseRegistry();
        await b.registry.claim(session('ann', 'c2', nodeB));
        const found = await located(b, ['ann']);
        expect(found).toEqual({ 'node-a': ['ann'], 'node-b': ['ann'] });
      }));

    test('[REG5] each node that follows is named, on every node', () =>
      within(async ({ a, b }) => {
        await a.registry.follow({ conversationId: 'k', ...nodeA });
        await b.registry.follow({ conversationId: 'k', ...nodeB });
        await b.registry.follow({ conversationId: 'l', ...nodeB });
        for (const { registry } of [a, b]) {
          expect([...(await registry.followers('k'))].sort()).toEqual(['node-a', 'node-b']);
          expect(await registry.followers('l')).toEqual(['node-b']);
          expect(await registry.followers('nothing')).toEqual([]);
        }
      }));

    test('[REG5] following twice is following once', () =>
      within(async ({ a, b }) => {
        const follower = { conversationId: 'k', ...nodeA };
        await a.registry.follow(follower);
        await a.registry.follow(follower);
        expect(await b.registry.followers('k')).toEqual(['node-a']);
        await a.registry.unfollow(follower);
        expect(await b.registry.followers('k')).toEqual([]);
        await a.registry.unfollow(follower);
      }));

    test('[REG5] a node whose lease ended, or that left, follows nothing', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.follow({ conversationId: 'k', ...nodeA });
        await fixture.endLease(nodeA);
        await fixture.settle();
        expect(await b.registry.followers('k')).toEqual([]);
        await b.registry.follow({ conversationId: 'k', ...nodeB });
        await b.directory.leave(nodeB);
        await a.directory.join(nodeA);
        await fixture.settle();
        expect(await a.registry.followers('k')).not.toContain('node-b');
      }));

    test('[REG5] what an earlier run of a node followed is not given, and its word ends nothing', () =>
      within(async ({ fixture, a, b }) => {
        await a.registry.follow({ conversationId: 'k', ...nodeA });
        await a.registry.follow({ conversationId: 'l', ...nodeA });
        const again = await fixture.node(nodeAAgain);
        await again.directory.join(nodeAAgain);
        await again.registry.follow({ conversationId: 'l', ...nodeAAgain });
        await a.registry.unfollow({ conversationId: 'l', ...nodeA });
        await fixture.settle();
        expect(await b.registry.followers('k')).toEqual([]);
        expect(await b.registry.followers('l')).toEqual(['node-a']);
      }));
  });
}

interface TwoNodes {
  readonly fixture: ClusterFixture;
  readonly a: ClusterNodePorts;
  readonly b: ClusterNodePorts;
}

function session(userId: string, connectionId: string, node: NodeRecord): SessionRecord {
  return { userId, deviceId: `device-of-${userId}`, connectionId, ...node };
}

/** As an object, with the users of a node in order: the port promises none. */
async function located(
  { registry }: ClusterNodePorts,
  userIds: readonly string[],
): Promise<Record<string, string[]>> {
  const found = await registry.locate(userIds);
  return Object.fromEntries([...found].map(([nodeId, users]) => [nodeId, [...users].sort()]));
}
