import type { CommitRequest, Envelope } from '@confab/contracts';
import type { ChatPorts } from '@confab/core';
import { withCommit, withOwners, withPublish } from './ports-with.ts';
import type { Trigger } from './trigger.ts';

/** One thing that can be made to go wrong between the rules of chat and what they stand on. */
export type FailPoint = {
  readonly description: string;
  /** What its number says, and what it is where none is given. */
  readonly number: { readonly says: string; readonly default: number };
  /** Puts it between the rules and a port. While its trigger is not armed, nothing is different. */
  readonly wrap: (ports: ChatPorts, trigger: Trigger) => ChatPorts;
};

/** What was answered in the same turn as the first publication that is kept back has left the process by then. */
const ANSWERS_LEAVE_MS = 50;
const WHILE_ARMED = { says: 'nothing', default: 1 };
const ONE_IN = { says: 'one in so many', default: 2 };

/** Every fail point there is. */
export const failPoints = {
  'kill-after-commit': {
    description: 'the process dies (SIGKILL) when a message is durable and nobody has been answered',
    number: { says: 'at which commit of messages from now on', default: 1 },
    wrap: (ports, trigger) =>
      withCommit(ports, async (request) => {
        const outcome = await ports.log.commit(request);
        if (outcome.kind === 'committed' && hasMessage(request) && trigger.isFrom()) return die();
        return outcome;
      }),
  },
  'kill-before-publish': {
    description: 'the process dies (SIGKILL) when a message is acknowledged and no node has been told of it',
    number: { says: 'at which publication of events from now on', default: 1 },
    wrap: (ports, trigger) =>
      withPublish(ports, (nodeId, envelope) => {
        if (!hasEvents(envelope) || !trigger.isFrom()) ports.bus.publish(nodeId, envelope);
        else ports.clock.after(ANSWERS_LEAVE_MS, () => void die());
      }),
  },
  'stall-commits': {
    description: 'the outcome of each commit is told late, as by a disk that hangs',
    number: { says: 'milliseconds', default: 2_000 },
    wrap: (ports, trigger) =>
      withCommit(ports, async (request) => {
        const outcome = await ports.log.commit(request);
        const delayMs = trigger.each();
        if (delayMs !== null) await new Promise<void>((resolve) => void ports.clock.after(delayMs, resolve));
        return outcome;
      }),
  },
  'lose-commit-answers': {
    description: 'a commit is applied and its outcome is `unknown`',
    number: ONE_IN,
    wrap: (ports, trigger) =>
      withCommit(ports, async (request) => {
        const outcome = await ports.log.commit(request);
        return trigger.isOneIn() ? { kind: 'unknown', reason: 'fail point' } : outcome;
      }),
  },
  'lose-commits': {
    description: 'a commit is not applied and its outcome is `unknown`',
    number: ONE_IN,
    wrap: (ports, trigger) =>
      withCommit(ports, async (request) =>
        trigger.isOneIn() ? { kind: 'unknown', reason: 'fail point' } : await ports.log.commit(request),
      ),
  },
  'refuse-commits': {
    description: 'a commit is `unavailable`, and certainly not applied',
    number: { ...ONE_IN, default: 1 },
    wrap: (ports, trigger) =>
      withCommit(ports, async (request) =>
        trigger.isOneIn() ? { kind: 'unavailable', reason: 'fail point' } : await ports.log.commit(request),
      ),
  },
  'own-everything': {
    description: 'this node takes itself for the owner of every conversation, whatever others do',
    number: WHILE_ARMED,
    wrap: (ports, trigger) => {
      const alone = [ports.node.nodeId];
      return withOwners(ports, () => (trigger.each() === null ? ports.directory.owners() : alone));
    },
  },
  'drop-publications': {
    description: 'an envelope to a node is lost, and nobody is told',
    number: ONE_IN,
    wrap: (ports, trigger) =>
      withPublish(ports, (nodeId, envelope) => {
        if (!trigger.isOneIn()) ports.bus.publish(nodeId, envelope);
      }),
  },
  'duplicate-publications': {
    description: 'an envelope to a node comes twice',
    number: { ...ONE_IN, default: 1 },
    wrap: (ports, trigger) =>
      withPublish(ports, (nodeId, envelope) => {
        ports.bus.publish(nodeId, envelope);
        if (trigger.isOneIn()) ports.bus.publish(nodeId, envelope);
      }),
  },
} as const satisfies Readonly<Record<string, FailPoint>>;

export type FailPointName = keyof typeof failPoints;

export const failPointNames = Object.keys(failPoints) as readonly FailPointName[];

function hasMessage({ events }: CommitRequest): boolean {
  return events.some(({ type }) => type === 'message_event');
}

function hasEvents({ kind }: Envelope): boolean {
  return kind === 'events' || kind === 'head';
}

/** Nothing of this process runs after it, so that nothing is answered either. */
async function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
}
