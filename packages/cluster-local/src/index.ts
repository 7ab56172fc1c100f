export type { ClusterFault } from './cluster-fault.ts';
export {
  createLocalCluster,
  type LocalCluster,
  type LocalClusterConfig,
  type LocalNode,
} from './local-cluster.ts';
export { joinThreadCluster, type ThreadCluster, type ThreadClusterConfig } from './thread-cluster.ts';
