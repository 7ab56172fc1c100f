import type { ScriptCalls } from './scripts.ts';

/** What is asked of a connection to Redis: ioredis has it all, and so has the connection of a simulation. */
export interface Connection extends ScriptCalls {
  /** `ready`: commands can be sent. */
  readonly status: string;
  on(event: 'ready' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'message', listener: (channel: string, text: string) => void): unknown;
  /** How many heard it. */
  publish(channel: string, text: string): Promise<number>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  pipeline(): Commands;
  /** Ends it at once, whatever is under way; with `isRenewed` it is made anew. */
  disconnect(isRenewed: boolean): void;
}

/** Commands that wait to be sent together. */
export type Commands = {
  readonly length: number;
  publish(channel: string, text: string): unknown;
  hset(hash: string, field: string, value: string): unknown;
  expire(key: string, seconds: number): unknown;
  /** Sends them; an answer or an error for each, in order. */
  exec(): Promise<[error: Error | null, answer: unknown][] | null>;
} & {
  readonly [Script in keyof ScriptCalls]: (...given: Parameters<ScriptCalls[Script]>) => unknown;
};
