import { dirname } from 'node:path';

/**
 * When a node's commit log reaches the disk. `batch`: before each write is answered, as an acknowledged message needs
 * where all replicas share one machine. `group`: the same, in steps of 2 ms. `periodic`: every 10 s, Cassandra's own
 * default, which loses what it answered when the power fails on all replicas.
 * @typedef {'batch' | 'group' | 'periodic'} CommitLogSync
 */

/** @type {Record<CommitLogSync, readonly string[]>} */
const COMMIT_LOG = {
  batch: ['commitlog_sync: batch'],
  group: ['commitlog_sync: group', 'commitlog_sync_group_window: 2ms'],
  periodic: ['commitlog_sync: periodic', 'commitlog_sync_period: 10s'],
};

/** @param {string} word
 * @returns {word is CommitLogSync}
 */
export function isCommitLogSync(word) {
  return Object.hasOwn(COMMIT_LOG, word);
}

/** Java 17 hides internals that Cassandra reads; these are the ones its own distribution opens for 17. */
const EXPORTS = [
  'java.base/java.lang.ref',
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.unsupported/sun.misc',
];
const OPENS = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.compiler/com.sun.tools.javac',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.management/com.sun.management.internal',
];

/**
 * @typedef {object} NodePlace
 * @property {string} host
 * @property {number} port  of CQL
 * @property {number} storagePort  of the nodes among themselves
 * @property {string} seedHost  the node that others ask first
 * @property {string} folder  of its data and configuration
 * @property {string} logFile
 * @property {CommitLogSync} sync
 * @property {number} heapMiB
 */

/** The words after `java`.
 * @param {NodePlace} place
 * @param {string} jars
 * @returns {string[]}
 */
export function javaArguments({ folder, logFile, heapMiB }, jars) {
  return [
    ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    `-Xms${heapMiB}M`,
    `-Xmx${heapMiB}M`,
    '-Xss256k',
    '-XX:+UseSerialGC',
    '-XX:+PerfDisableSharedMem',
    '-Djdk.attach.allowAttachSelf=true',
    '-Djava.net.preferIPv4Stack=true',
    '-Dio.netty.eventLoopThreads=4',
    `-Dcassandra.config=file://${folder}/conf/cassandra.yaml`,
    `-Dlogback.configurationFile=file://${folder}/conf/logback.xml`,
    `-Dcassandra.storagedir=${folder}`,
    `-Dcassandra.logdir=${dirname(logFile)}`,
    '-Dcassandra-foreground=yes',
    // A ring of a few nodes on one machine has nothing to wait for.
    '-Dcassandra.ring_delay_ms=2000',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-Dcassandra.consistent.rangemovement=false',
    '-Dcassandra.available_processors=2',
    '-cp',
    `${folder}/conf:${jars}/*`,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}

/** The node's cassandra.yaml: durable, small, and dead rather than wrong when its disk fails.
 * @param {NodePlace} place
 */
export function cassandraYaml({ host, port, storagePort, seedHost, folder, sync }) {
  return [
    'cluster_name: confab',
    'num_tokens: 8',
    'partitioner: org.apache.cassandra.dht.Murmur3Partitioner',
    'seed_provider:',
    '  - class_name: org.apache.cassandra.locator.SimpleSeedProvider',
    '    parameters:',
    `      - seeds: "${seedHost}:${storagePort}"`,
    `listen_address: ${host}`,
    `rpc_address: ${host}`,
    `native_transport_port: ${port}`,
    `storage_port: ${storagePort}`,
    'endpoint_snitch: SimpleSnitch',
    `data_file_directories: ["${folder}/data"]`,
    `commitlog_directory: "${folder}/commitlog"`,
    `saved_caches_directory: "${folder}/saved_caches"`,
    `hints_directory: "${folder}/hints"`,
    `cdc_raw_directory: "${folder}/cdc_raw"`,
    ...COMMIT_LOG[sync],
    'commitlog_segment_size: 16MiB',
    'commitlog_total_space: 256MiB',
    'paxos_variant: v2',
    'memtable_heap_space: 96MiB',
    'memtable_offheap_space: 96MiB',
    'key_cache_size: 8MiB',
    'file_cache_size: 64MiB',
    'networking_cache_size: 32MiB',
    'concurrent_reads: 16',
    'concurrent_writes: 16',
    'concurrent_compactors: 1',
    'native_transport_max_threads: 64',
    'compaction_throughput: 32MiB/s',
    'auto_snapshot: false',
    'auto_bootstrap: false',
    'disk_failure_policy: die',
    'commit_failure_policy: die',
    'authenticator: AllowAllAuthenticator',
    'authorizer: AllowAllAuthorizer',
    'read_request_timeout: 5s',
    'range_request_timeout: 10s',
    'write_request_timeout: 2s',
    'cas_contention_timeout: 1s',
    'truncate_request_timeout: 60s',
    'request_timeout: 10s',
    'hinted_handoff_enabled: true',
    '',
  ].join('\n');
}

/** @param {NodePlace} place */
export function logbackXml({ logFile }) {
  return `<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>${logFile}</file>
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="FILE"/></root>
</configuration>
`;
}
