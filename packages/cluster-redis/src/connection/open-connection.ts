import { Redis, type RedisOptions } from 'ioredis';
import type { Connection } from './connection.ts';
import { scripts } from './scripts.ts';

const RETRY_MS_FIRST = 10;
const RETRY_MS_MAX = 1_000;
/** A connection that is given up gets this long to end by itself. */
const DISCONNECT_MS_MAX = 200;

/** Where Redis is: one address, or the Sentinels that know the address of the moment. */
export type RedisTarget =
  | { readonly url: string }
  | {
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
      /** The name of the watched Redis. */
      readonly name: string;
      readonly password?: string;
    };

/**
 * A connection that makes itself anew for ever and never keeps a command for later: a command that cannot be sent now,
 * or is not answered in time, fails.
 */
export function openConnection(target: RedisTarget, name: string, commandMsMax: number): Redis & Connection {
  const options = {
    connectionName: name,
    commandTimeout: commandMsMax,
    connectTimeout: commandMsMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    disconnectTimeout: DISCONNECT_MS_MAX,
    maxRetriesPerRequest: null,
    // Whoever subscribes does so at each start of the connection, to know when it has.
    autoResubscribe: false,
    retryStrategy: (attempt: number): number => retryMs(attempt),
    // A former primary that became a replica: the next connection finds the new one.
    reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
    scripts: { ...scripts },
  } satisfies RedisOptions;
  const redis =
    'url' in target
      ? new Redis(target.url, options)
      : new Redis({
          ...options,
          sentinels: target.sentinels.map((sentinel) => ({ ...sentinel })),
          name: target.name,
          sentinelCommandTimeout: commandMsMax,
          sentinelRetryStrategy: (attempt) => retryMs(attempt),
          ...(target.password === undefined ? {} : { password: target.password }),
        });
  // The scripts are methods that ioredis adds, unknown to its types.
  return redis as Redis & Connection;
}

function retryMs(attempt: number): number {
  const fullMs = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(attempt - 1, 10));
  return Math.ceil(fullMs * (0.5 + Math.random() / 2));
}
