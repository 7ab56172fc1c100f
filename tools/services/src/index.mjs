// Real services on this machine, for tests and tools: started on free ports, killed, paused, stopped.
export { isCassandraInstalled } from './cassandra-jars.mjs';
export { Cassandra, startCassandra } from './cassandra.mjs';
export { freePort, isPortFree } from './free-port.mjs';
export { Haproxy, startHaproxy } from './haproxy.mjs';
export { LocalProcess } from './local-process.mjs';
export { PROGRAMS, findProgram } from './programs.mjs';
export { Redis, startRedis } from './redis.mjs';
export { ServicesError } from './services-error.mjs';
