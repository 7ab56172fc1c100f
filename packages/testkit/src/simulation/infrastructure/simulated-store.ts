import type {
  Accounts,
  CommitOutcome,
  CommitRequest,
  ConversationLog,
  Cursors,
  Devices,
  Views,
  WorkQueue,
} from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import type { DrivenClock } from '../../driven-clock.ts';
import { createMemoryStore, type MemoryStore } from '../../memory-store.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { SimulatedRun } from './simulated-run.ts';
import { type StoreLine, StoreWire } from './store-wire.ts';
import type { CallKind, StoreWeather } from './store-weather.ts';

/** The ports of a store, as one run of a node has them. */
export interface StorePorts {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
}

/** What a simulated store is made of. */
export interface SimulatedStoreOptions {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  /** Events in one bucket: no commit crosses the end of one. */
  readonly bucketEvents: number;
}

const UNANSWERED = 'the store does not answer';

/** Every method of a port, and whether it changes something: a method that is not listed does not compile. */
type KindsOf<Port> = Readonly<Record<keyof Port, CallKind>>;

const VIEWS: KindsOf<Views> = { list: 'read', getMany: 'read', counts: 'read', watermark: 'read' };
const WORK: KindsOf<WorkQueue> = { claim: 'write', complete: 'write', retry: 'write' };
const CURSORS: KindsOf<Cursors> = { advance: 'write', ofConversation: 'read', get: 'read' };
const ACCOUNTS: KindsOf<Accounts> = {
  create: 'write',
  putExternal: 'write',
  byIds: 'read',
  credentials: 'read',
  search: 'read',
};
const DEVICES: KindsOf<Devices> = {
  signIn: 'write',
  get: 'read',
  list: 'read',
  rotate: 'write',
  revoke: 'write',
  touch: 'write',
  revokedAmong: 'read',
};

/**
 * One durable truth, and the ways to it of every run of every node: calls take time, fail, stay without an answer, or
 * are carried out when nobody counts on it any more.
 */
export class SimulatedStore {
  /** What is durable, for those who check. */
  readonly truth: MemoryStore;
  readonly #wire: StoreWire;
  readonly #lines: StoreLine[] = [];
  /** Node ids and run ids that nothing gets through to. */
  readonly #cut = new Set<string>();

  constructor({ clock, random, bucketEvents }: SimulatedStoreOptions) {
    this.truth = createMemoryStore({ bucketEvents });
    this.#wire = new StoreWire(clock, random);
  }

  get weather(): StoreWeather {
    return this.#wire.weather;
  }

  /** Holds for the calls that begin from here on. */
  set weather(weather: StoreWeather) {
    this.#wire.weather = weather;
  }

  /**
   * The ports of a run, whose id is `nodeId/bootId`. Once it crashed its calls never return; what was on its way may be
   * carried out yet, also after the next run began.
   */
  portsFor(run: SimulatedRun): StorePorts {
    const { views, work, cursors, accounts, devices } = this.truth;
    const line = { run, cutSinceMs: null, lanes: new Map<string, number>() };
    this.#lines.push(line);
    this.#wire.cutOff(line, this.#isCut(run.runId));
    return {
      log: this.#log(line),
      views: this.#port(line, views, VIEWS),
      work: this.#port(line, work, WORK),
      cursors: this.#port(line, cursors, CURSORS),
      accounts: this.#port(line, accounts, ACCOUNTS),
      devices: this.#port(line, devices, DEVICES),
    };
  }

  /** Of a node or of one run: calls do not arrive, and answers get lost. */
  cutOff(nodeOrRunId: string, isCut: boolean): void {
    if (isCut) this.#cut.add(nodeOrRunId);
    else this.#cut.delete(nodeOrRunId);
    for (const line of this.#lines) this.#wire.cutOff(line, this.#isCut(line.run.runId));
  }

  /** Nothing is carried out for so long; then everything goes on. */
  stall(durationMs: number): void {
    this.#wire.stall(durationMs);
  }

  /** All that is under way is lost, as with a store in the process that died. What was carried out stays. */
  crash(): void {
    this.#wire.crash();
  }

  #isCut(runId: string): boolean {
    return this.#cut.has(runId) || this.#cut.has(runId.slice(0, runId.indexOf('/')));
  }

  #log(line: StoreLine): ConversationLog {
    const { log } = this.truth;
    const read = <Answer>(lane: string | null, carryOut: () => Promise<Answer>): Promise<Answer> =>
      this.#wire.send(line, { kind: 'read', lane, carryOut, fail: refuse });
    return {
      commit: (request) =>
        this.#wire.happens(this.weather.inSteps)
          ? this.#commitInSteps(line, request)
          : this.#commit(line, request.conversationId, () => log.commit(request)),
      room: (head) => log.room(head),
      heads: (conversationIds) => read(null, () => log.heads(conversationIds)),
      read: (request) => read(request.conversationId, () => log.read(request)),
      findByClientIds: (conversationId, keys) =>
        read(conversationId, () => log.findByClientIds(conversationId, keys)),
      countOwn: (questions) => read(null, () => log.countOwn(questions)),
    };
  }

  async #commitInSteps(line: StoreLine, request: CommitRequest): Promise<CommitOutcome> {
    const { conversationId } = request;
    const outcome = await this.#commit(line, conversationId, () => this.truth.commitUnfinished(request));
    if (outcome.kind !== 'committed') return outcome;
    const finished = await this.#commit(line, conversationId, async () => {
      this.truth.finish(conversationId);
      return outcome;
    });
    // The log has it, whatever became of the rest.
    return finished.kind === 'committed' ? finished : { kind: 'unknown', reason: UNANSWERED };
  }

  #commit(line: StoreLine, lane: string, carryOut: () => Promise<CommitOutcome>): Promise<CommitOutcome> {
    return this.#wire.send<CommitOutcome>(line, {
      kind: 'write',
      lane,
      carryOut,
      fail: async (effect) => ({ kind: effect === 'none' ? 'unavailable' : 'unknown', reason: UNANSWERED }),
    });
  }

  #port<Port extends object>(line: StoreLine, port: Port, kinds: KindsOf<Port>): Port {
    const calls = Object.entries<CallKind>(kinds).map(([name, kind]) => {
      const method = Reflect.get(port, name) as (...given: readonly unknown[]) => Promise<unknown>;
      const call = (...given: readonly unknown[]): Promise<unknown> => {
        const carryOut = (): Promise<unknown> => Reflect.apply(method, port, given);
        return this.#wire.send(line, { kind, lane: null, carryOut, fail: refuse });
      };
      return [name, call] as const;
    });
    return Object.fromEntries(calls) as unknown as Port;
  }
}

/** To callers of anything but a commit both are the same: it failed, and they have to ask again. */
async function refuse(): Promise<never> {
  throw new ConfabError('unavailable');
}
