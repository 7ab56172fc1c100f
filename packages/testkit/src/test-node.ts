import type { Clock, ConversationLog, NodeBus, NodeDirectory } from '@confab/contracts';
import { type Chat, createChat, RateLimits } from '@confab/core';
import type { LocalNode } from '@confab/cluster-local';
import { type Schedule, scheduled } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { ClusterWorld } from './cluster-world.ts';

/** One run of a node: from its start until it stops or crashes. */
export interface TestNode {
  readonly nodeId: string;
  readonly bootId: string;
  readonly chat: Chat;
  /** Which nodes this one takes for alive, where that is not what the cluster says. Null: it believes the cluster. */
  believesLive: readonly string[] | null;
  /** Whether its requests to other nodes fail as if these did not answer. */
  isCutOff: boolean;
  /** Whether what it publishes to other nodes is lost. */
  isLosing: boolean;
  readonly isCrashed: boolean;
  /** It dies between two steps: nothing it had under way goes on, and its lease ends. */
  crash(): void;
}

interface NodeOptions {
  readonly world: ClusterWorld;
  readonly nodeId: string;
  readonly bootId: string;
  readonly random: SeededRandom;
}

/** Puts the rules of chat together over one node's view of the world. Start its `chat` to begin. */
export function createTestNode({ world, nodeId, bootId, random }: NodeOptions): TestNode {
  const { schedule, store, cluster } = world;
  const runId = `${nodeId}/${bootId}`;
  const record = { nodeId, bootId };
  const local = cluster.node(record);
  const clock = clockOf(world.clock, runId, schedule);
  const ends: (() => void)[] = [];
  const node = {
    nodeId,
    bootId,
    believesLive: null as readonly string[] | null,
    isCutOff: false,
    isLosing: false,
    get isCrashed(): boolean {
      return schedule.isCrashed(runId);
    },
    crash(): void {
      schedule.crash(runId);
      for (const end of ends) end();
      cluster.endLease(record);
    },
  };
  const chat = createChat({
    node: record,
    log: scheduledLog(store.log, runId, schedule),
    views: scheduled(store.views, runId, schedule),
    work: scheduled(store.work, runId, schedule),
    cursors: scheduled(store.cursors, runId, schedule),
    accounts: scheduled(store.accounts, runId, schedule),
    devices: scheduled(store.devices, runId, schedule),
    registry: scheduled(local.registry, runId, schedule),
    directory: directoryOf(local, () => node.believesLive),
    bus: busOf(local, { nodeId, runId, schedule, ends, state: node }),
    clock,
    random,
    digest: world.digest,
    passwords: world.passwords,
    tokens: world.tokens,
    observer: world.observer,
    rateLimits: new RateLimits(clock, world.rateLimits),
    registration: 'open',
    accessTokenMs: 3_600_000,
    tiers: world.tiers,
  });
  return Object.assign(node, { chat });
}

/** How many events fit is known without asking. */
function scheduledLog(log: ConversationLog, runId: string, schedule: Schedule): ConversationLog {
  return Object.create(scheduled(log, runId, schedule), {
    room: { value: (head: number) => log.room(head) },
  }) as ConversationLog;
}

function clockOf(clock: Clock, runId: string, schedule: Schedule): Clock {
  return {
    nowMs: () => clock.nowMs(),
    after: (delayMs, action) =>
      clock.after(delayMs, () => {
        if (!schedule.isCrashed(runId)) action();
      }),
  };
}

function directoryOf({ directory }: LocalNode, believes: () => readonly string[] | null): NodeDirectory {
  return {
    join: (node) => directory.join(node),
    retire: (node) => directory.retire(node),
    leave: (node) => directory.leave(node),
    live: () => believes() ?? directory.live(),
    owners: () => believes() ?? directory.owners(),
  };
}

interface BusParts {
  readonly nodeId: string;
  readonly runId: string;
  readonly schedule: Schedule;
  readonly ends: (() => void)[];
  readonly state: { readonly isCutOff: boolean; readonly isLosing: boolean };
}

function busOf({ bus }: LocalNode, { nodeId: ownId, runId, schedule, ends, state }: BusParts): NodeBus {
  const kept = (end: () => void): (() => void) => {
    ends.push(end);
    return end;
  };
  return {
    publish(nodeId, envelope) {
      if (state.isLosing && nodeId !== ownId) return;
      if (!schedule.isCrashed(runId)) bus.publish(nodeId, envelope);
    },
    subscribe: (nodeId, receiver) => kept(bus.subscribe(nodeId, receiver)),
    onLoss: (nodeId, listener) => kept(bus.onLoss(nodeId, listener)),
    async request(nodeId, request) {
      await schedule.pass({ nodeId: runId, label: 'request', phase: 'call' });
      if (state.isCutOff) throw new Error('no answer');
      const answer = await bus.request(nodeId, request);
      await schedule.pass({ nodeId: runId, label: 'request', phase: 'answer' });
      return answer;
    },
    respond: (nodeId, responder) => kept(bus.respond(nodeId, responder)),
  };
}
