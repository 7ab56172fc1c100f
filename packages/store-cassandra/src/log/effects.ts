import type { CommitRequest, ViewPut, WorkItem } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession } from '../cql-session.ts';
import { nextTieBreak } from '../views/put-timestamp.ts';
import { writeViews } from '../views/write-views.ts';
import type { BucketHead } from './bucket-heads.ts';

/** What a commit changes outside its partition, as it stands in the head until it is done. */
export interface Effects {
  /** The last sequence of the commit, so that the text says itself which `effects_at` it belongs to. */
  readonly sequence: number;
  readonly tieBreak: number;
  readonly views: readonly ViewPut[];
  readonly work: readonly WorkItem[];
}

/** Adds work; the same items may come again. */
export type AddWork = (items: readonly WorkItem[]) => Promise<void>;

const READ_EFFECTS = `SELECT DISTINCT conversation_id, bucket, effects_at, effects, views_through
  FROM conversation_log WHERE conversation_id = ? AND bucket = ?`;
/** Its timestamp is the sequence, so that it only rises whoever writes it last. */
const WRITE_THROUGH = `UPDATE conversation_log USING TIMESTAMP ? SET views_through = ?
  WHERE conversation_id = ? AND bucket = ?`;

/** Where the head of the commit that had them stands. */
interface EffectsPlace {
  readonly conversationId: string;
  readonly bucket: number;
}

interface EffectsRow {
  readonly effects_at: number | null;
  readonly effects: string | null;
  readonly views_through: number | null;
}

/** Null for most commits: messages change nothing but their log. */
export function effectsOf({ head, views, work }: CommitRequest): Effects | null {
  if (views.length === 0 && work.length === 0) return null;
  return { sequence: head.sequence, tieBreak: nextTieBreak(), views, work };
}

function isSettled({ effects_at, views_through }: Omit<EffectsRow, 'effects'>): boolean {
  return (effects_at ?? 0) <= (views_through ?? 0);
}

/** Throws where the text is of another commit than the head says: to carry that out would say of this one that it is done. */
function effectsIn({ effects_at, effects: text }: EffectsRow): Effects {
  const effects = text === null ? null : (JSON.parse(text) as Effects);
  if (effects === null || effects.sequence !== effects_at) {
    throw new CqlFailure('unknown', `the effects of the commit at ${effects_at} were not there to be read`);
  }
  return effects;
}

/**
 * Carries out the effects of commits. They stand in the head since the commit itself, so whoever meets a head whose
 * writer died before they were done does them in its place; they may be done several times, with the same end.
 */
export class EffectsKeeper {
  readonly #session: CqlSession;
  readonly #addWork: AddWork;
  /** Many may meet the same head at once while its writer is still at it: one of them is enough. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(session: CqlSession, addWork: AddWork) {
    this.#session = session;
    this.#addWork = addWork;
  }

  /** When it returns, all effects of commits up to this head are done. */
  async settle({ conversationId, bucket, row }: BucketHead): Promise<void> {
    if (isSettled(row)) return;
    await this.#once({ conversationId, bucket, sequence: row.effects_at ?? 0 }, async () => {
      // Whoever read the head may have copied its columns, and not the effects, to replicas that had not got the commit.
      // A serial read finishes the commit first; a plain one could find the effects of the commit before under this head.
      const [found] = await this.#session.readSerial<EffectsRow>(READ_EFFECTS, [conversationId, bucket]);
      // Later effects than the head's may stand there now: those only could once the head's were done.
      if (found === undefined || isSettled(found)) return;
      await this.#carryOut({ conversationId, bucket }, effectsIn(found));
    });
  }

  async apply(at: EffectsPlace, effects: Effects): Promise<void> {
    await this.#once({ ...at, sequence: effects.sequence }, () => this.#carryOut(at, effects));
  }

  async #once(at: EffectsPlace & { readonly sequence: number }, action: () => Promise<void>): Promise<void> {
    const key = `${at.conversationId} ${at.sequence}`;
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const done = action().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, done);
    return done;
  }

  async #carryOut(at: EffectsPlace, { sequence, views, work, tieBreak }: Effects): Promise<void> {
    await Promise.all([
      writeViews(this.#session, views, tieBreak),
      work.length === 0 ? Promise.resolve() : this.#addWork(work),
    ]);
    await this.#session.write(WRITE_THROUGH, [sequence, sequence, at.conversationId, at.bucket]);
  }
}
