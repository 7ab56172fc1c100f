import type { ConversationLog, StoredEvent } from '@confab/contracts';
import { limits, utf8Length } from '@confab/protocol';
import type { TailCache } from './tail-cache.ts';

/** Reads logs for syncing: from the tails in memory where they reach, else from the store, the same page only once. */
export class LogReader {
  readonly #log: ConversationLog;
  readonly #tails: TailCache;
  /** Reads under way, and how far the log was known to reach when each began. */
  readonly #underWay = new Map<
    string,
    { readonly through: number; readonly page: Promise<readonly StoredEvent[]> }
  >();

  constructor(log: ConversationLog, tails: TailCache) {
    this.#log = log;
    this.#tails = tails;
  }

  /**
   * Up to `limit` events above `after` and up to `through`, which the log is known to reach: nothing newer, for the
   * asker may have been removed by then. Ascending, at most one page of bytes.
   */
  async above(
    conversationId: string,
    after: number,
    through: number,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const kept = this.#tails.above(conversationId, after, through);
    if (kept !== null) return upTo(through, onePage(kept, limit));
    const key = `${conversationId} ${after} ${limit}`;
    const shared = this.#underWay.get(key);
    // One that began before the log reached so far may not see what this asker knows to be there.
    if (shared !== undefined && shared.through >= through) return upTo(through, await shared.page);
    const page = this.#log
      .read({ conversationId, after, before: null, limit, bytesMax: limits.pageBytesMax, type: null })
      .finally(() => {
        if (this.#underWay.get(key)?.page === page) this.#underWay.delete(key);
      });
    this.#underWay.set(key, { through, page });
    return upTo(through, await page);
  }

  /** The event at a place, or null. */
  async at(conversationId: string, sequence: number): Promise<StoredEvent | null> {
    const kept = this.#tails.at(conversationId, sequence);
    if (kept !== null) return kept;
    const [event] = await this.above(conversationId, sequence - 1, sequence, 1);
    return event?.sequence === sequence ? event : null;
  }

  /** The newest events above `after` and up to `through`: at most `limit`, ascending. */
  async newest(
    conversationId: string,
    after: number,
    through: number,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    return await this.#log.read({
      conversationId,
      after,
      before: through + 1,
      limit,
      bytesMax: limits.pageBytesMax,
      type: null,
    });
  }
}

function upTo(through: number, events: readonly StoredEvent[]): readonly StoredEvent[] {
  const last = events.at(-1);
  return last === undefined || last.sequence <= through
    ? events
    : events.filter((event) => event.sequence <= through);
}

function onePage(events: readonly StoredEvent[], limit: number): readonly StoredEvent[] {
  let bytes = 0;
  let count = 0;
  for (const event of events) {
    if (count === limit) break;
    bytes += utf8Length(event.json);
    if (count > 0 && bytes > limits.pageBytesMax) break;
    count += 1;
  }
  return events.slice(0, count);
}
