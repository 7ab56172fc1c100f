/** The keys and channels of one cluster in a Redis that others may use too. */
export interface Keys {
  /** A random text, set once; where it is missing or another one, rows may be missing too. */
  readonly generation: string;
  /** Counts the changes of leases, so that a reader knows whether the leases it knows are those of now. */
  readonly changes: string;
  /** The ids of the nodes that may have a lease. */
  readonly nodes: string;
  lease(nodeId: string): string;
  /** Hash: connection -> node and run. */
  user(userId: string): string;
  /** Hash: node -> node and run. */
  followers(conversationId: string): string;
  /** Channel: what a node is told. */
  inbox(nodeId: string): string;
  /** Channel: something changed about the nodes. */
  readonly news: string;
  /** Channel: what one process says to itself. */
  echo(processId: string): string;
}

export function keysOf(prefix: string): Keys {
  return {
    generation: `${prefix}:generation`,
    changes: `${prefix}:changes`,
    nodes: `${prefix}:nodes`,
    lease: (nodeId) => `${prefix}:lease:${nodeId}`,
    user: (userId) => `${prefix}:user:${userId}`,
    followers: (conversationId) => `${prefix}:followers:${conversationId}`,
    inbox: (nodeId) => `${prefix}:inbox:${nodeId}`,
    news: `${prefix}:news`,
    echo: (processId) => `${prefix}:echo:${processId}`,
  };
}
