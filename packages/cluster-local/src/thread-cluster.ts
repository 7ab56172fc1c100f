import type {
  FollowerRecord,
  NodeBus,
  NodeDirectory,
  NodeRecord,
  SessionRecord,
  SessionRegistry,
} from '@confab/contracts';
import { ConfabError, type ErrorCode } from '@confab/protocol';
import type { ClusterFault } from './cluster-fault.ts';
import { absent, LocalBus } from './local-bus.ts';
import type { LocalNode } from './local-cluster.ts';
import { Membership } from './membership.ts';
import { type Change, type ThreadAnswer, ThreadLink, type ThreadWord } from './thread-link.ts';

export interface ThreadClusterConfig {
  /** The run of the node that this thread is. */
  readonly node: NodeRecord;
  /** A port to each other thread; the other end is among the ports of that one. */
  readonly ports: readonly MessagePort[];
  /** Told what a receiver, a responder or a listener threw. */
  readonly onFault: (fault: ClusterFault) => void;
}

/** The place of one thread in a cluster of threads. */
export interface ThreadCluster extends LocalNode {
  /** What the end of a thread does to its node, seen from here; the others are to be told the same. */
  endLease(node: NodeRecord): void;
  /** Lets go of the ports. */
  close(): void;
}

/**
 * Threads of one process, each a node. Every thread knows all that the cluster knows: what is noted in one is told to
 * the others and has been heard by all when the promise resolves, so that a look-up, of which there is one a message,
 * asks nobody. Ports keep their order and lose nothing while both their threads live.
 */
export function joinThreadCluster({ node, ports, onFault }: ThreadClusterConfig): ThreadCluster {
  const membership = new Membership();
  const local = new LocalBus(onFault);
  const byNodeId = new Map<string, ThreadLink>();
  const endLease = (ended: NodeRecord): void => {
    if (membership.end(ended)) local.publisherLost(ended.nodeId);
  };
  const links = ports.map(
    (port) =>
      new ThreadLink(port, {
        heard: (word, link) => hear(word, link, { membership, local, byNodeId, ownId: node.nodeId }),
        ended: (peer) => {
          if (peer !== null) endLease(peer);
        },
      }),
  );
  for (const link of links) link.say({ kind: 'hello', node });
  const tellAll = async (change: Change): Promise<void> => {
    apply(membership, change);
    await Promise.all(links.map((link) => link.tell(change)));
  };
  return {
    registry: registryOf(membership, tellAll),
    directory: directoryOf(membership, tellAll),
    bus: busOf(local, node.nodeId, byNodeId),
    endLease,
    close: () => links.forEach((link) => link.close()),
  };
}

function registryOf(membership: Membership, tellAll: (change: Change) => Promise<void>): SessionRegistry {
  return {
    claim: (session: SessionRecord) => tellAll({ verb: 'claim', record: session }),
    release: (session: SessionRecord) => tellAll({ verb: 'release', record: session }),
    locate: (userIds) => membership.locate(userIds),
    follow: (follower: FollowerRecord) => tellAll({ verb: 'follow', record: follower }),
    unfollow: (follower: FollowerRecord) => tellAll({ verb: 'unfollow', record: follower }),
    followers: (conversationId) => membership.followers(conversationId),
  };
}

function directoryOf(membership: Membership, tellAll: (change: Change) => Promise<void>): NodeDirectory {
  return {
    join: (node) => tellAll({ verb: 'join', record: node }),
    retire: (node) => tellAll({ verb: 'retire', record: node }),
    leave: (node) => tellAll({ verb: 'leave', record: node }),
    live: () => membership.live(),
    owners: () => membership.owners(),
  };
}

function busOf(local: LocalBus, ownId: string, byNodeId: ReadonlyMap<string, ThreadLink>): NodeBus {
  return {
    publish(nodeId, envelope) {
      if (nodeId === ownId) local.publish(nodeId, envelope);
      else byNodeId.get(nodeId)?.say({ kind: 'envelope', envelope });
    },
    subscribe: (nodeId, receiver) => local.subscribe(nodeId, receiver),
    onLoss: (nodeId, listener) => local.onLoss(nodeId, listener),
    async request(nodeId, request) {
      if (nodeId === ownId) return await local.request(nodeId, request);
      const link = byNodeId.get(nodeId);
      if (link === undefined) throw absent(nodeId);
      return valueOf(nodeId, await link.ask(request));
    },
    respond: (nodeId, responder) => local.respond(nodeId, responder),
  };
}

interface Hearing {
  readonly membership: Membership;
  readonly local: LocalBus;
  readonly byNodeId: Map<string, ThreadLink>;
  readonly ownId: string;
}

function hear(word: ThreadWord, link: ThreadLink, { membership, local, byNodeId, ownId }: Hearing): void {
  switch (word.kind) {
    case 'hello':
      byNodeId.set(word.node.nodeId, link);
      break;
    case 'change':
      apply(membership, word.change);
      link.say({ kind: 'noted', id: word.id });
      break;
    case 'envelope':
      local.publish(ownId, word.envelope);
      break;
    case 'request':
      void answerOf(local.request(ownId, word.request)).then((answer) =>
        link.say({ kind: 'answer', id: word.id, answer }),
      );
      break;
  }
}

function apply(membership: Membership, { verb, record }: Change): void {
  switch (verb) {
    case 'claim':
      void membership.claim(record);
      break;
    case 'release':
      void membership.release(record);
      break;
    case 'follow':
      void membership.follow(record);
      break;
    case 'unfollow':
      void membership.unfollow(record);
      break;
    case 'join':
      void membership.join(record);
      break;
    case 'retire':
      void membership.retire(record);
      break;
    case 'leave':
      void membership.leave(record);
      break;
  }
}

async function answerOf(asked: Promise<unknown>): Promise<ThreadAnswer> {
  try {
    return { kind: 'value', value: await asked };
  } catch (error) {
    const { code, message } = error instanceof ConfabError ? error : new ConfabError('internal');
    return { kind: 'refused', code, message };
  }
}

function valueOf(nodeId: string, answer: ThreadAnswer | null): unknown {
  if (answer === null) throw absent(nodeId);
  if (answer.kind === 'refused') throw new ConfabError(answer.code satisfies ErrorCode, answer.message);
  return answer.value;
}
