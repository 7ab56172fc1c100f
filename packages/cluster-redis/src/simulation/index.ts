/** A node of this room over connections that are simulated, and what a Redis does with its commands. */
export type { Commands, Connection } from '../connection/connection.ts';
export type { ScriptCalls } from '../connection/scripts.ts';
export type { Environment } from '../environment.ts';
export { type RedisNode, startRedisNode } from '../open-redis-node.ts';
export { type ClusterSettings, defaultSettings } from '../settings.ts';
export { execute, type RedisCommand } from './redis-command.ts';
export { RedisMemory } from './redis-memory.ts';
