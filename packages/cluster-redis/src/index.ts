export type { ClusterFault } from './cluster-fault.ts';
export { connectRedisCluster, type RedisClusterConfig } from './connect-redis-cluster.ts';
export type { RedisTarget } from './connection/open-connection.ts';
export type { RedisHealth, RedisNode } from './open-redis-node.ts';
