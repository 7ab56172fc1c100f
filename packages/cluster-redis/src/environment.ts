import { type Connection } from './connection/connection.ts';
import { openConnection, type RedisTarget } from './connection/open-connection.ts';

/** What a node takes from the process it runs in: time, chance, and its connections. A simulation gives others. */
export interface Environment {
  /** Milliseconds that only rise, whatever happens to the time of day. */
  nowMs(): number;
  /** Calls once after `delayMs`; the answer cancels it. */
  after(delayMs: number, action: () => void): () => void;
  /** Calls again and again; the answer ends it. */
  every(intervalMs: number, action: () => void): () => void;
  /** Calls once what is under way in this turn of the event loop is done. */
  afterTurn(action: () => void): void;
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Another one each time, in every process. */
  uniqueId(): string;
  /** A connection that makes itself anew for ever, and keeps no command for later. */
  connect(name: string): Connection;
}

/** The environment of a real process. */
export function processEnvironment(target: RedisTarget, commandMsMax: number): Environment {
  return {
    nowMs: () => performance.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
    every(intervalMs, action) {
      const timer = setInterval(action, intervalMs);
      return () => clearInterval(timer);
    },
    afterTurn(action) {
      setImmediate(action);
    },
    fraction: () => Math.random(),
    uniqueId: () => crypto.randomUUID(),
    connect: (name) => openConnection(target, name, commandMsMax),
  };
}
