import type { NodeRecord } from '@confab/contracts';
import type { ClusterFault } from './cluster-fault.ts';
import type { RedisTarget } from './connection/open-connection.ts';
import { processEnvironment } from './environment.ts';
import { openRedisNode, type RedisNode } from './open-redis-node.ts';
import { defaultSettings } from './settings.ts';

export interface RedisClusterConfig {
  readonly target: RedisTarget;
  /** This run of the node; both ids are 1 to 64 of letters, digits, `_`, `.`, `:` and `-`. */
  readonly node: NodeRecord;
  /** What every key and channel of this cluster begins with, where several share a Redis. */
  readonly prefix: string;
  /** Told of faults that nobody waits for: Redis gone, a receiver that threw, another process with this node's id. */
  readonly onFault: (fault: ClusterFault) => void;
}

/**
 * The place of one node in a cluster that meets in Redis. Resolves once Redis answers, or after a second without: the
 * node then serves what is its own, and finds the others when Redis is there. Throws on ids that are none.
 */
export async function connectRedisCluster(config: RedisClusterConfig): Promise<RedisNode> {
  const { target, ...more } = config;
  const environment = processEnvironment(target, defaultSettings.commandMsMax);
  return await openRedisNode({ ...more, environment, settings: defaultSettings, tamper: (text) => [text] });
}
