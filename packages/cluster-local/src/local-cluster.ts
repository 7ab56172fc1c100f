import type { NodeBus, NodeDirectory, NodeRecord, SessionRegistry } from '@confab/contracts';
import type { ClusterFault } from './cluster-fault.ts';
import { LocalBus } from './local-bus.ts';
import { Membership } from './membership.ts';

export interface LocalClusterConfig {
  /** Told what a receiver, a responder or a listener threw. */
  readonly onFault: (fault: ClusterFault) => void;
}

/** A cluster within one process. The server has one node in it, a simulation several. */
export interface LocalCluster {
  /** The ports as one node holds them; it is alive only once it joins. */
  node(node: NodeRecord): LocalNode;
  /**
   * What time does to a node that fell silent; the others hear of a loss, since it may have died between a commit and
   * its publication. Nothing happens where it is back under another boot id.
   */
  endLease(node: NodeRecord): void;
}

export interface LocalNode {
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
}

/**
 * There is no clock here: a lease ends when `endLease` says so, a request waits as long as its responder takes or until
 * that one is withdrawn. Delay, loss and a paused node are for the simulation to put around the ports.
 */
export function createLocalCluster({ onFault }: LocalClusterConfig): LocalCluster {
  const membership = new Membership();
  const bus = new LocalBus(onFault);
  const ports: LocalNode = { registry: membership, directory: membership, bus };
  return {
    node: () => ports,
    endLease(node) {
      if (membership.end(node)) bus.publisherLost(node.nodeId);
    },
  };
}
