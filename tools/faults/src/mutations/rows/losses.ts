import type { Mutation } from '../mutation.ts';

const SWEEP = 'packages/core/src/delivery/loss-sweep.ts';
const INBOUND_LINK = 'packages/cluster-redis/src/bus/inbound-link.ts';

/** What is lost on its way is noticed and made good. */
export const losses: readonly Mutation[] = [
  {
    name: 'core-does-not-listen-for-losses',
    breaks: ['G9.2'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: SWEEP,
        find: `bus.onLoss(nodeId, () => this.hurry());`,
        replace: `bus.onLoss(nodeId, () => undefined);`,
      },
    ],
  },
  {
    name: 'core-loses-envelopes-and-repairs-none',
    breaks: ['G4.1', 'G9.2'],
    suite: 'simulation',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/delivery.ts',
        find: `    for (const [nodeId, deliveries] of envelopes) {
      this`,
        replace: `    for (const [nodeId, deliveries] of envelopes) {
      if ((deliveries[0]?.sequence ?? 0) % 10 === 7) continue;
      this`,
      },
      {
        file: SWEEP,
        find: `sessions.tellBehind(conversationId, sequence, here);`,
        replace: ``,
      },
    ],
  },
  {
    name: 'redis-bus-counts-no-frames',
    breaks: ['BUS1', 'BUS4'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: INBOUND_LINK,
        find: `if (counter === this.#next) {`,
        replace: `if (counter >= this.#next) {
      this.#next = counter;`,
      },
    ],
  },
  {
    name: 'redis-bus-gives-frames-up-in-silence',
    breaks: ['BUS4'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: INBOUND_LINK,
        find: `  #giveUp(nowMs: number): void {
    this.#peer.lost();`,
        replace: `  #giveUp(nowMs: number): void {`,
      },
    ],
  },
  {
    name: 'local-registry-releases-any-session',
    breaks: ['REG2'],
    suite: 'cluster-local',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-local/src/membership.ts',
        find: `if (before === connectionId) sessions.delete(userId);`,
        replace: `sessions.delete(userId);`,
      },
    ],
  },
  {
    name: 'redis-registry-releases-any-session',
    breaks: ['REG2'],
    suite: 'redis-registry',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-redis/src/connection/scripts.ts',
        find: `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end`,
        replace: ``,
      },
    ],
  },
  {
    name: 'gateway-drops-events-of-a-slow-reader-in-silence',
    breaks: ['G7.1'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/outbound.ts',
        find: `    if (!isBehind) this.#strain();
    this.noteBehind(conversationId, sequence);`,
        replace: `    if (!isBehind) this.#strain();`,
      },
    ],
  },
  {
    name: 'gateway-forgets-the-rest-of-a-crowd',
    breaks: ['G7.1'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/flusher.ts',
        find: `if (this.#crowd.length > 0) this.#plan();`,
        replace: `if (this.#crowd.length > CROWD_MIN) this.#plan();`,
      },
    ],
  },
  {
    name: 'redis-bus-asks-for-nothing-after-it-was-deaf',
    breaks: ['BUS4'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-redis/src/bus/redis-bus.ts',
        find: `    this.#requests.cutOff();
    for (const link of this.#inbound.values()) link.reopened(nowMs);
  }

  /** All`,
        replace: `    this.#requests.cutOff();
  }

  /** All`,
      },
    ],
  },
  {
    name: 'redis-bus-tells-of-no-lost-registry',
    breaks: ['BUS4'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-redis/src/bus/redis-bus.ts',
        find: `  rebuilt(): void {
    this.#bell.ring();`,
        replace: `  rebuilt(): void {`,
      },
    ],
  },
  {
    name: 'redis-bus-loses-nodes-in-silence',
    breaks: ['BUS4'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-redis/src/bus/redis-bus.ts',
        find: `    this.#bell.ring();
    this.#lost.set`,
        replace: `    this.#lost.set`,
      },
    ],
  },
];
