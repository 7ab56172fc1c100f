import type { Clock, ConversationLog, NodeBus, Observer, Views } from '@confab/contracts';
import { conversationIdPrefix } from '@confab/conversation';
import { limits } from '@confab/protocol';
import { memberRows } from '../log/member-rows.ts';
import type { LocalSessions } from './local-sessions.ts';

/** Heads asked for at once. */
const HEADS_AT_ONCE = 100;
/** Between two questions where nothing is known to be lost: 20 conversations a second, for any number of nodes add up. */
const IDLE_MS = 5_000;
/** After a fault of the store. */
const PAUSE_MS = 1_000;
/** What is not handed on this long after it stood in the log is not on its way any more. */
const GRACE_MS = 250;

export interface LossSweepOptions {
  readonly nodeId: string;
  readonly log: ConversationLog;
  readonly views: Views;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly sessions: LocalSessions;
}

/**
 * Finds what was committed and never reached this node: delivery is lossy, the log is not. It compares how far each
 * conversation has been handed to the sessions here with its head, and tells those that are behind. At once and as
 * fast as the store answers where the bus tells of a loss, else slowly, round and round.
 */
export class LossSweep {
  readonly #options: LossSweepOptions;
  #unsubscribe: () => void = () => undefined;
  #isStopped = false;
  #isInRound = false;
  /** Rounds to be made without a pause: what was lost may have been passed already by the present one. */
  #urgentRounds = 0;
  #sleep: { readonly isIdle: boolean; readonly wake: () => void } | null = null;
  #running: Promise<void> | null = null;

  constructor(options: LossSweepOptions) {
    this.#options = options;
  }

  start(): void {
    const { bus, nodeId } = this.#options;
    this.#unsubscribe = bus.onLoss(nodeId, () => this.hurry());
    this.#running = this.#run();
  }

  /** Something may be lost: looks through everything from here on, without a pause. */
  hurry(): void {
    this.#urgentRounds = this.#isInRound ? 2 : 1;
    if (this.#sleep?.isIdle === true) this.#sleep.wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#sleep?.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#isInRound = true;
      await this.#round();
      this.#isInRound = false;
      if (this.#urgentRounds > 0) this.#urgentRounds -= 1;
      if (this.#urgentRounds === 0) await this.#pause(IDLE_MS, true);
    }
  }

  async #round(): Promise<void> {
    let asked: string[] = [];
    for (const conversationId of this.#options.sessions.handed.conversations()) {
      asked.push(conversationId);
      if (asked.length < HEADS_AT_ONCE) continue;
      await this.#look(asked);
      asked = [];
      if (this.#urgentRounds === 0) await this.#pause(IDLE_MS, true);
      if (this.#isStopped) return;
    }
    if (asked.length > 0) await this.#look(asked);
  }

  async #look(conversationIds: readonly string[]): Promise<void> {
    const { log, observer, sessions } = this.#options;
    try {
      const heads = await log.heads(conversationIds);
      const ahead = [...heads].filter(([conversationId, head]) =>
        sessions.handed.isBehind(conversationId, head.sequence),
      );
      if (ahead.length === 0) return;
      await this.#pause(GRACE_MS, false);
      for (const [conversationId, { sequence }] of ahead) {
        if (sessions.handed.isBehind(conversationId, sequence)) await this.#tell(conversationId, sequence);
      }
    } catch (error) {
      // A store that does not answer is asked again in the next round.
      observer.fault({ where: 'loss-sweep', error });
      await this.#pause(PAUSE_MS, false);
    }
  }

  async #tell(conversationId: string, sequence: number): Promise<void> {
    const { observer, sessions } = this.#options;
    const reached = sessions.handed.reached(conversationId);
    // Before it is read who is here: whoever comes meanwhile notes it anew.
    sessions.handed.forget(conversationId);
    if (conversationId.startsWith(conversationIdPrefix.self)) await this.#noteJoins(conversationId, reached);
    const here = sessions.followersOf(conversationId) ?? (await this.#membersHere(conversationId));
    if (here.size === 0) return;
    sessions.handed.raise(conversationId, sequence);
    observer.lossRepaired({ sessions: here.size });
    sessions.tellBehind(conversationId, sequence, here);
  }

  /** What a user has joined nobody else may tell this node; the device itself may ask another one about it. */
  async #noteJoins(ownLogId: string, reached: number): Promise<void> {
    const { log, sessions } = this.#options;
    const page = { before: null, limit: limits.pageItemsMax, bytesMax: limits.pageBytesMax, type: null };
    for (let after = reached; ;) {
      const events = await log.read({ conversationId: ownLogId, after, ...page });
      for (const event of events) sessions.noteJoin(event);
      const last = events.at(-1);
      if (last === undefined) return;
      after = last.sequence;
    }
  }

  async #membersHere(conversationId: string): Promise<ReadonlySet<string>> {
    const here = new Set<string>();
    for await (const { key } of memberRows(this.#options.views, conversationId)) {
      if (this.#options.sessions.of(key).length > 0) here.add(key);
    }
    return here;
  }

  /** Waits; an idle pause ends where something may have been lost. */
  async #pause(delayMs: number, isIdle: boolean): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#sleep = {
        isIdle,
        wake: () => {
          cancel();
          resolve();
        },
      };
    });
    this.#sleep = null;
  }
}
