import type {
  Clock,
  CommitOutcome,
  ConversationLog,
  FoundEvent,
  Observer,
  Random,
  Views,
} from '@confab/contracts';
import type { ConversationState } from '@confab/conversation';
import { ConfabError, type ErrorCode } from '@confab/protocol';
import {
  type BatchPlan,
  type CommandOutcome,
  type Planned,
  planBatch,
  refuse,
  takeFrom,
  type Waiting,
} from './batch.ts';
import { advanceState, loadState } from './state-loader.ts';
import { timeText } from './time-text.ts';

/** Events in one commit; what waits beyond it goes into the next. */
const BATCH = { commandsMax: 256, charactersMax: 512 * 1024 };
/** Commands that may wait for one conversation. */
const QUEUE_MAX = 10_000;
/** Back-off between tries to decide a commit of unknown outcome. */
const UNKNOWN_RETRY_BASE_MS = 50;
const UNKNOWN_RETRY_CAP_MS = 2_000;
/** Back-off where other nodes write the same conversation: the first loss of a turn is no reason to wait yet. */
const LOST_TURN_BASE_MS = 5;
const LOST_TURN_CAP_MS = 200;
/** A node that took a turn is reckoned with for so long; and a pause is so many times what a commit takes. */
const RIVAL_MS = 2_000;
const GIVE_WAY_COMMITS = 2;

export interface WriterOptions {
  readonly conversationId: string;
  readonly log: ConversationLog;
  readonly views: Views;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  /** Told of each commit, in order, after it is durable and acknowledged. */
  readonly onCommitted: (planned: readonly Planned[]) => void;
  /** Told where an earlier event was the answer, by its sequence. */
  readonly onRepeated: (state: ConversationState, sequence: number) => void;
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

/**
 * The one writer of a conversation on this node: it decides what waits at a head it knows, commits it as one batch
 * conditional on that head, answers, and goes on with what has come meanwhile. Another node may write too; the store's
 * compare-and-set on the head is what keeps them apart.
 */
export class ConversationWriter {
  readonly #options: WriterOptions;
  readonly #queue: Waiting[] = [];
  #state: ConversationState | null | undefined;
  /** The log has moved on since `#state`. */
  #isStale = false;
  /** Whether the state was read for the batch at hand, not left from an earlier one. */
  #isRead = false;
  /** Turns lost to other nodes since the last commit. */
  #lostTurns = 0;
  #lostTurnAtMs = -Infinity;
  #running: Promise<void> | null = null;
  /** Commands taken and answered since the start, and who waits for a number to be answered. */
  #taken = 0;
  #answered = 0;
  readonly #passing: { readonly at: number; readonly resolve: () => void }[] = [];
  /** Commands of the batch at hand that are not answered yet. */
  readonly #open = new Set<Waiting>();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether nothing waits, so that it may be forgotten. */
  get isIdle(): boolean {
    return this.#running === null;
  }

  /** Resolves when nothing waits any more; null where nothing does. Never rejects. */
  get settled(): Promise<void> | null {
    return this.#running;
  }

  /** Resolves when what has been taken by now is answered, whatever comes after it; null where nothing waits. */
  get passed(): Promise<void> | null {
    if (this.#running === null) return null;
    return new Promise((resolve) => this.#passing.push({ at: this.#taken, resolve }));
  }

  /** The conversation as this writer last knew it; undefined before its first batch. */
  get state(): ConversationState | null | undefined {
    return this.#state;
  }

  /** Takes a command into the queue; it is decided in the order of these calls. */
  submit(waiting: Waiting): void {
    if (this.#queue.length >= QUEUE_MAX) {
      this.#refuse(waiting, 'unavailable', 'Too many sends wait for this conversation.');
      return;
    }
    this.#queue.push(waiting);
    this.#taken += 1;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = takeFrom(this.#queue, BATCH);
      for (const waiting of batch) this.#open.add(waiting);
      try {
        await this.#write(batch);
      } catch (error) {
        this.#state = undefined;
        this.#options.observer.fault({ where: 'conversation-writer', error });
        const code = error instanceof ConfabError ? error.code : 'internal';
        for (const waiting of this.#open) this.#refuse(waiting, code);
      }
      this.#pass(batch.length);
    }
    this.#running = null;
    this.#options.onIdle();
  }

  /** Those who wait stand in the order of their numbers. */
  #pass(count: number): void {
    this.#answered += count;
    for (
      let [first] = this.#passing;
      first !== undefined && first.at <= this.#answered;
      [first] = this.#passing
    ) {
      this.#passing.shift();
      first.resolve();
    }
  }

  /** Decides and commits until every command of the batch is answered. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    const { conversationId, clock, log } = this.#options;
    let left = batch;
    while (left.length > 0) {
      const state = await this.#currentState();
      const count = log.room(state?.head.sequence ?? 0);
      const nowMs = clock.nowMs();
      const plan = planBatch({
        conversationId,
        state,
        batch: left.slice(0, count),
        nowMs,
        contextOf: () => ({ sentAt: timeText(nowMs), random: this.#options.random.urlSafe(8) }),
      });
      left = [...(await this.#commit(plan, left.slice(0, count))), ...left.slice(count)];
    }
  }

  async #currentState(): Promise<ConversationState | null> {
    const { conversationId, log, views } = this.#options;
    const known = this.#state ?? null;
    this.#isRead = this.#state === undefined || this.#isStale;
    if (this.#state === undefined || (this.#isStale && known === null)) {
      this.#state = await loadState(log, views, conversationId);
    } else if (this.#isStale && known !== null) {
      this.#state = await advanceState(log, known);
    }
    this.#isStale = false;
    return this.#state ?? null;
  }

  /** Commits a plan and answers what it settles; gives back what has to be decided again. */
  async #commit(plan: BatchPlan, batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    if (plan.commit === null) {
      if (!this.#isRead) return await this.#decideAnew(plan, batch);
      await this.#answerRefused(plan);
      return plan.repeated;
    }
    const startedMs = this.#options.clock.nowMs();
    const outcome = await this.#commitUntilDecided(plan.commit);
    switch (outcome.kind) {
      case 'committed':
        return await this.#afterCommit(plan, this.#options.clock.nowMs() - startedMs);
      case 'duplicates':
        return this.#answerDuplicates(plan, outcome.found, batch);
      case 'head_moved':
        this.#isStale = true;
        await this.#waitAfterLostTurn();
        return batch;
      case 'unavailable':
        this.#state = undefined;
        this.#options.observer.commitRefused({
          conversationId: this.#options.conversationId,
          reason: outcome.reason,
        });
        for (const waiting of batch) this.#refuse(waiting, 'unavailable');
        return [];
    }
  }

  /**
   * Sends the same commit again while its outcome is unknown: nothing is acknowledged or allocated meanwhile. After an
   * unknown outcome, `unavailable` speaks of the later try alone; the earlier one may still have been applied.
   */
  async #commitUntilDecided(
    commit: NonNullable<BatchPlan['commit']>,
  ): Promise<Exclude<CommitOutcome, { kind: 'unknown' }>> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#options.log.commit(commit);
      const isDecided = outcome.kind !== 'unknown' && (outcome.kind !== 'unavailable' || attempt === 0);
      if (isDecided) {
        return outcome.kind === 'duplicates' && attempt > 0 ? ownCommit(commit, outcome) : outcome;
      }
      await this.#wait(Math.min(UNKNOWN_RETRY_CAP_MS, UNKNOWN_RETRY_BASE_MS * 2 ** attempt));
    }
  }

  /** Two nodes that write one conversation take turns better than they race. */
  async #waitAfterLostTurn(): Promise<void> {
    this.#lostTurnAtMs = this.#options.clock.nowMs();
    this.#lostTurns += 1;
    if (this.#lostTurns === 1) return;
    await this.#wait(Math.min(LOST_TURN_CAP_MS, LOST_TURN_BASE_MS * 2 ** this.#lostTurns));
  }

  /** Who goes on at once after a commit wins every turn, for the other one has to read first. */
  async #giveWay(durationMs: number): Promise<void> {
    const sinceMs = this.#options.clock.nowMs() - this.#lostTurnAtMs;
    if (sinceMs > RIVAL_MS || durationMs === 0) return;
    await this.#wait(Math.min(LOST_TURN_CAP_MS, GIVE_WAY_COMMITS * durationMs));
  }

  /** Full jitter: anything up to `capMs`. */
  async #wait(capMs: number): Promise<void> {
    const delayMs = capMs * this.#options.random.fraction();
    await new Promise<void>((resolve) => void this.#options.clock.after(delayMs, resolve));
  }

  async #afterCommit(plan: BatchPlan, durationMs: number): Promise<readonly Waiting[]> {
    this.#answerCommitted(plan, durationMs);
    await this.#answerRefused(plan);
    await this.#giveWay(durationMs);
    return plan.repeated;
  }

  #answerCommitted(plan: BatchPlan, durationMs: number): void {
    this.#state = plan.planned.at(-1)?.state ?? this.#state;
    this.#lostTurns = 0;
    for (const { waiting, event } of plan.planned) this.#answer(waiting, { event, duplicate: false });
    this.#options.observer.messageCommitted({
      conversationId: this.#options.conversationId,
      count: plan.planned.length,
      durationMs,
    });
    this.#options.onCommitted(plan.planned);
  }

  #answerDuplicates(
    plan: BatchPlan,
    found: readonly (FoundEvent & { readonly index: number })[],
    batch: readonly Waiting[],
  ): readonly Waiting[] {
    const settled = new Set<Waiting>();
    for (const duplicate of found) {
      const planned = plan.planned[duplicate.index];
      if (planned === undefined) continue;
      settled.add(planned.waiting);
      this.#answerFound(planned.waiting, duplicate);
    }
    this.#tellRepeated(found);
    if (settled.size === 0) this.#state = undefined;
    return batch.filter((waiting) => !settled.has(waiting));
  }

  /**
   * No commit shows that the log still ends there, and what another node has written may allow what is refused. But who
   * stands behind a refused send does so in any state.
   */
  async #decideAnew(plan: BatchPlan, batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    this.#isStale = true;
    const held = plan.refused.filter(({ refusal }) => refusal.code === 'after_previous');
    await this.#answerRefused({ ...plan, refused: held, idle: [] });
    const answered = new Set(held.map(({ waiting }) => waiting));
    return batch.filter((waiting) => !answered.has(waiting));
  }

  /** A retry must get its first answer even where it would now be refused, so ids are looked up before refusing. */
  async #answerRefused(plan: BatchPlan): Promise<void> {
    const open = [...plan.refused.map((item) => item.waiting), ...plan.idle];
    if (open.length === 0) return;
    const { conversationId, log } = this.#options;
    const keys = open.map(({ command }) => ({
      userId: command.actorId,
      clientMessageId: command.clientMessageId,
    }));
    const found = await log.findByClientIds(conversationId, keys);
    open.forEach((waiting, index) => {
      const hit = found[index];
      const refusal = plan.refused[index]?.refusal;
      if (hit !== null && hit !== undefined) this.#answerFound(waiting, hit);
      else if (refusal === undefined) this.#answer(waiting, { event: null, duplicate: true });
      else this.#refuse(waiting, refusal.code, refusal.message);
    });
    this.#tellRepeated(found.filter((hit) => hit !== null));
  }

  #tellRepeated(found: readonly FoundEvent[]): void {
    const state = this.#state ?? null;
    if (found.length === 0 || state === null) return;
    this.#options.onRepeated(state, Math.max(...found.map(({ event }) => event.sequence)));
  }

  #answer(waiting: Waiting, outcome: CommandOutcome): void {
    this.#open.delete(waiting);
    waiting.resolve(outcome);
  }

  #answerFound(waiting: Waiting, found: FoundEvent): void {
    this.#open.delete(waiting);
    answerFound(waiting, found);
  }

  #refuse(waiting: Waiting, code: ErrorCode, message?: string): void {
    this.#open.delete(waiting);
    refuse(waiting, code, message);
  }
}

/** After an unknown outcome, our own events found under their ids mean that the commit had been applied. */
function ownCommit(
  commit: NonNullable<BatchPlan['commit']>,
  outcome: Extract<CommitOutcome, { kind: 'duplicates' }>,
): Extract<CommitOutcome, { kind: 'committed' | 'duplicates' }> {
  const own = outcome.found.every(({ index, event }) => commit.events[index]?.eventId === event.eventId);
  return own && outcome.found.length === commit.events.length ? { kind: 'committed' } : outcome;
}

/** Answers with what the id once made, or with a conflict where it was something else. */
export function answerFound(waiting: Waiting, found: FoundEvent): void {
  if (found.contentHash === waiting.contentHash)
    waiting.resolve({ event: found.event, duplicate: true } satisfies CommandOutcome);
  else waiting.reject(new ConfabError('idempotency_conflict'));
}
