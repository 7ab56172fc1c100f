export {
  type CassandraChoice,
  type Cluster,
  type ClusterOptions,
  DEFAULT_CLUSTER,
  startCluster,
} from './cluster.ts';
export { GatewayProcess } from './gateway-process.ts';
export { rollingRestart } from './rolling-restart.ts';
export { SERVER_MAIN } from './server-command.ts';
