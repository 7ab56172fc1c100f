import { bootIdOf, epochOf, type Lease, parseLease } from './lease.ts';

/** The nodes as Redis had them when it was last asked. */
export interface ClusterView {
  readonly redisRunId: string;
  readonly epoch: string;
  /** How many changes of leases there had been. */
  readonly changes: string;
  /** The policy by which Redis may evict keys, which leaves no trace: any row or lease may be missing. Null: it keeps all. */
  readonly evictionPolicy: string | null;
  readonly nodes: ReadonlyMap<string, KnownNode>;
}

interface KnownNode extends Lease {
  /**
   * When its lease was first missing though it may live: Redis had lost or evicted keys, or was another one. Null: it has
   * its lease.
   */
  readonly missingSinceMs: number | null;
}

/** What became of nodes between two views. */
export interface ViewChange {
  readonly view: ClusterView;
  /** Their lease ended, or another process took their place, without a word. */
  readonly lost: readonly string[];
  /** They said that they leave. */
  readonly left: readonly string[];
}

export interface ViewStep {
  readonly before: ClusterView | null;
  /** The answer of the script that polls. */
  readonly polled: readonly string[];
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly hasLeft: (run: string) => boolean;
}

/** The next view. A node whose lease went with the keys of Redis stays for a lease time: it has to have its chance. */
export function nextView(step: ViewStep): ViewChange {
  const { before, polled, nowMs, hasLeft } = step;
  const view = parsePolled(polled);
  const nodes = new Map(view.nodes);
  const lost: string[] = [];
  const left: string[] = [];
  const isSameRegistry = before?.epoch === view.epoch && view.evictionPolicy === null;
  for (const [nodeId, node] of before?.nodes ?? []) {
    const now = nodes.get(nodeId);
    if (now !== undefined && bootIdOf(now.run) === bootIdOf(node.run)) continue;
    if (hasLeft(node.run)) left.push(nodeId);
    else if (now === undefined && mayLive(node, isSameRegistry, step)) {
      nodes.set(nodeId, { ...node, epoch: null, missingSinceMs: node.missingSinceMs ?? nowMs });
    } else lost.push(nodeId);
  }
  return { view: { ...view, nodes }, lost, left };
}

function parsePolled(polled: readonly string[]): ClusterView {
  const [redisRunId = '', generation = '', changes = '0', policy = '', ...leases] = polled;
  return {
    redisRunId,
    epoch: epochOf(redisRunId, generation),
    changes,
    evictionPolicy: policy === '' ? null : policy,
    nodes: parseLeases(leases),
  };
}

function parseLeases(leases: readonly string[]): Map<string, KnownNode> {
  const nodes = new Map<string, KnownNode>();
  for (let at = 0; at + 1 < leases.length; at += 2) {
    const lease = parseLease(leases[at + 1] ?? '');
    if (lease !== null) nodes.set(leases[at] ?? '', { ...lease, missingSinceMs: null });
  }
  return nodes;
}

/** Whether a node without a lease may live: in the same registry, where it keeps all keys, the lease has ended. */
function mayLive(
  { missingSinceMs }: KnownNode,
  isSameRegistry: boolean,
  { nowMs, leaseMs }: ViewStep,
): boolean {
  if (missingSinceMs !== null) return nowMs - missingSinceMs <= leaseMs;
  return !isSameRegistry;
}
