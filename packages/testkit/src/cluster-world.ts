import type { Digest, Observer, PasswordHasher, Tokens } from '@confab/contracts';
import type { LocalCluster } from '@confab/cluster-local';
import type { DeliveryTier } from '@confab/conversation';
import type { Caller } from '@confab/core';
import type { DrivenClock } from './driven-clock.ts';
import type { MemoryStore } from './memory-store.ts';
import type { Schedule } from './schedule.ts';

/** What the nodes of one cluster share. */
export interface ClusterWorld {
  readonly store: MemoryStore;
  readonly cluster: LocalCluster;
  readonly clock: DrivenClock;
  readonly schedule: Schedule;
  readonly digest: Digest;
  readonly passwords: PasswordHasher;
  readonly tokens: Tokens;
  readonly observer: Observer;
  readonly rateLimits: boolean;
  readonly tiers: readonly DeliveryTier[];
}

/** A fault that a node told of. In a sound run there is none. */
export interface ToldFault {
  readonly where: string;
  readonly error: unknown;
}

/** A user of the cluster. */
export interface TestUser {
  readonly userId: string;
  readonly username: string;
  readonly password: string;
}

/** An answer with its JSON parsed; null where there is nothing but success. */
export interface TestReply {
  readonly answer: Record<string, unknown> | null;
  readonly existing: boolean;
}

/** A field of an answer; throws where the answer has none. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what the answer's schema promises.
export function fieldOf<T>({ answer }: TestReply, name: string): T {
  if (answer === null || !(name in answer)) throw new Error(`the answer has no ${name}`);
  return answer[name] as T;
}

/** A caller that is a user on a device. */
export function callerOf(user: TestUser, deviceId = 'web'): Caller & { kind: 'user' } {
  return { kind: 'user', userId: user.userId, deviceId };
}
