import { checkCommit, type CommitOutcome, type CommitRequest, type Duplicate } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { RecentMap } from '../recent-map.ts';
import type { BucketHeads } from './bucket-heads.ts';
import type { Buckets } from './buckets.ts';
import { type CommitBatch, commitStatements } from './commit-statements.ts';
import { effectsOf, type EffectsKeeper } from './effects.ts';
import type { EventIds } from './event-ids.ts';
import type { FoundEvents } from './found-events.ts';
import { clientIdKey } from './log-rows.ts';
import { Turns } from '../turns.ts';

/** A quarter of what Cassandra takes as one mutation by default: there it would be refused without a clear word. */
const COMMIT_BYTES_MAX = 4 * 1024 * 1024;
/** Of UTF-8 for one character of a string. */
const BYTES_PER_CHARACTER_MAX = 3;
const CONVERSATIONS_REMEMBERED_MAX = 100_000;

export interface LogWriterParts {
  readonly session: CqlSession;
  readonly buckets: Buckets;
  readonly heads: BucketHeads;
  readonly ids: EventIds;
  readonly effects: EffectsKeeper;
  readonly found: FoundEvents;
}

/** Whether a commit may be sent, or how it ended without. */
type Prepared = { readonly kind: 'ready' } | CommitOutcome;

const READY = { kind: 'ready' } as const;

/**
 * Commits: one conditional batch each. What it costs besides depends on what it does:
 *
 * - In a later bucket than the first its ids are looked up among those of the full buckets, for a condition reaches no
 *   further than its own bucket. That bucket must be known to be open, or they might not all stand there yet.
 * - A bucket is opened once the one before it is full, its ids are kept and its effects done.
 * - Views and work go first into the head itself, with the commit, and are carried out before it is answered. A commit
 *   never takes the place of effects that are not done.
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #turns = new Turns();
  /** The sequence up to which effects are known to be done, where that is the newest one known. */
  readonly #settledAt = new RecentMap<string, number>(CONVERSATIONS_REMEMBERED_MAX);

  constructor(parts: LogWriterParts) {
    this.#parts = parts;
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    checkCommit(request, this.#parts.buckets.room(request.expectedHead));
    return this.#turns.run(request.conversationId, () => this.#commit(request));
  }

  async #commit(request: CommitRequest): Promise<CommitOutcome> {
    const batch = this.#batchOf(request);
    const statements = commitStatements(batch);
    if (isTooLarge(statements)) {
      return { kind: 'unavailable', reason: `a commit is over ${COMMIT_BYTES_MAX} bytes` };
    }
    const prepared = await outcomeUnless(this.#prepare(batch), () => 'unavailable');
    if (prepared.kind !== 'ready') return prepared;
    const sent = await outcomeUnless(this.#send(statements), ({ outcome }) =>
      outcome === 'unknown' ? 'unknown' : 'unavailable',
    );
    // From here on the commit may stand, so a failure leaves it unknown: sent again, it is found.
    switch (sent.kind) {
      case 'applied':
        return outcomeUnless(this.#finish(batch), () => 'unknown');
      case 'refused':
        return outcomeUnless(this.#refusal(request), () => 'unknown');
      default:
        return sent;
    }
  }

  #batchOf(request: CommitRequest): CommitBatch {
    const { buckets } = this.#parts;
    const isOpening = request.expectedHead % buckets.size === 0;
    return {
      request,
      bucket: buckets.of(request.expectedHead + 1),
      headBefore: isOpening ? null : request.expectedHead,
      effects: effectsOf(request),
    };
  }

  async #send(statements: readonly CqlStatement[]): Promise<{ readonly kind: 'applied' | 'refused' }> {
    const { applied } = await this.#parts.session.conditional(statements);
    return { kind: applied ? 'applied' : 'refused' };
  }

  async #prepare({ request, bucket, headBefore, effects }: CommitBatch): Promise<Prepared> {
    const { conversationId, expectedHead } = request;
    const { heads, ids } = this.#parts;
    if (heads.isKnownPast(conversationId, expectedHead)) return this.#refusal(request);
    if (headBefore === null) {
      // A conversation is listed before it exists, so that none can exist without being listed.
      if (bucket === 0) await heads.writeHint(conversationId, bucket);
      else if (!(await this.#closeBefore(request, bucket))) return this.#refusal(request);
    } else if (effects !== null && this.#settledAt.get(conversationId) !== expectedHead) {
      if (!(await this.#settleAt(request, bucket))) return this.#refusal(request);
    } else if (bucket > 0 && !heads.isKnownOpen(conversationId, bucket)) {
      if ((await heads.inBucket(conversationId, bucket)) === null) return this.#refusal(request);
    }
    const known = await ids.before(conversationId, bucket, request.events.map(clientIdKey));
    return known.size === 0 ? READY : this.#refusal(request);
  }

  /** Makes the bucket before `bucket` one that may have a successor; false where the log does not end with it. */
  async #closeBefore({ conversationId, expectedHead }: CommitRequest, bucket: number): Promise<boolean> {
    const { heads, ids, effects } = this.#parts;
    const before = await heads.inBucketSerial(conversationId, bucket - 1);
    if (before === null || before.row.last_sequence !== expectedHead) return false;
    await Promise.all([
      effects.settle(before),
      ids.keepBucket(conversationId, bucket - 1),
      heads.writeHint(conversationId, bucket),
    ]);
    return true;
  }

  /** False where the log does not end at the expected head. */
  async #settleAt({ conversationId, expectedHead }: CommitRequest, bucket: number): Promise<boolean> {
    const { heads, effects } = this.#parts;
    const head = await heads.inBucket(conversationId, bucket);
    if (head === null || head.row.last_sequence !== expectedHead) return false;
    await effects.settle(head);
    this.#settledAt.set(conversationId, expectedHead);
    return true;
  }

  async #finish({ request, bucket, headBefore, effects }: CommitBatch): Promise<CommitOutcome> {
    const { conversationId, expectedHead, head } = request;
    this.#parts.heads.note(conversationId, head.sequence);
    const isSettledBefore = headBefore === null || this.#settledAt.get(conversationId) === expectedHead;
    if (effects !== null) {
      await this.#parts.effects.apply({ conversationId, bucket }, effects);
    }
    if (effects !== null || isSettledBefore) this.#settledAt.set(conversationId, head.sequence);
    return { kind: 'committed' };
  }

  /** Why a commit cannot stand: its ids are taken, or else the log ends elsewhere. */
  async #refusal({ conversationId, events }: CommitRequest): Promise<CommitOutcome> {
    const { heads, effects, found } = this.#parts;
    const head = await heads.newest(conversationId);
    if (head !== null) await effects.settle(head);
    const keys = events.map(({ senderId, clientMessageId }) => ({ userId: senderId, clientMessageId }));
    const firsts = await found.find(conversationId, keys);
    const duplicates = firsts.flatMap((first, index): readonly Duplicate[] =>
      first === null ? [] : [{ ...first, index }],
    );
    return duplicates.length === 0 ? { kind: 'head_moved' } : { kind: 'duplicates', found: duplicates };
  }
}

/** What comes of a step, or how the commit ends where Cassandra could not answer it. Faults go on. */
async function outcomeUnless<T>(
  step: Promise<T>,
  kindOf: (failure: CqlFailure) => 'unknown' | 'unavailable',
): Promise<T | CommitOutcome> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof CqlFailure)) throw error;
    return { kind: kindOf(error), reason: error.reason };
  }
}

function isTooLarge(statements: readonly CqlStatement[]): boolean {
  const texts = statements.flatMap(({ params }) => params.filter((value) => typeof value === 'string'));
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters * BYTES_PER_CHARACTER_MAX <= COMMIT_BYTES_MAX) return false;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > COMMIT_BYTES_MAX;
}
