import type { ClaimedWork, Clock, Digest, Observer, Random, WorkQueue } from '@confab/contracts';
import type { ConversationIds } from '../membership/access.ts';
import type { Writers } from '../log/writers.ts';

/** Work taken at once, and for how long; what is not finished by then another node takes. */
const CLAIM_MAX = 64;
const LEASE_MS = 10_000;
/** How long an idle look waits for the next, where no commit here calls for one before. */
const IDLE_MS = 1_000;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 60_000;

interface FollowUpsOptions {
  readonly work: WorkQueue;
  readonly writers: Writers;
  readonly ids: ConversationIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly observer: Observer;
}

/**
 * Does the work that commits left: at least once, by whichever node takes it. What it writes is idempotent by the id
 * of the event that caused it.
 */
export class FollowUps {
  readonly #options: FollowUpsOptions;
  #stopped = false;
  #running: Promise<void> | null = null;
  #again = false;
  #cancel: () => void = () => undefined;

  constructor(options: FollowUpsOptions) {
    this.#options = options;
  }

  start(): void {
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  /** There may be work: look now rather than at the next idle look. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (!this.#stopped) this.#cancel = this.#options.clock.after(IDLE_MS, () => this.wake());
    });
  }

  async #run(): Promise<void> {
    this.#cancel();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        const nowMs = this.#options.clock.nowMs();
        const items = await this.#options.work.claim({ nowMs, limit: CLAIM_MAX, leaseMs: LEASE_MS });
        if (items.length > 0) this.#again = true;
        await Promise.all(items.map((item) => this.#finish(item)));
      } catch (error) {
        this.#options.observer.workFailed({ kind: 'claim', error });
      }
    }
  }

  async #finish(item: ClaimedWork): Promise<void> {
    const { clock, observer, random, work } = this.#options;
    try {
      await this.#do(item);
      await work.complete([item.workId]);
    } catch (error) {
      observer.workFailed({ kind: item.task.kind, error });
      const capMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(item.attempts, 10));
      await work.retry([item.workId], clock.nowMs() + Math.ceil(capMs * random.fraction()));
    }
  }

  /** Notes in each user's own log that they joined or left. */
  async #do({ task }: ClaimedWork): Promise<void> {
    const { digest, ids, writers } = this.#options;
    const clientMessageId = digest.sha256Id(task.eventId);
    await Promise.all(
      task.userIds.map((userId) =>
        writers.submit(
          {
            verb: 'record_membership',
            conversationId: ids.ownLog(userId),
            actorId: userId,
            clientMessageId,
            change: task.change,
            targetConversationId: task.conversationId,
            targetSequence: task.sequence,
          },
          null,
        ),
      ),
    );
  }
}
