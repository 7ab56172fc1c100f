import type { CursorAdvance, CursorPlace, UserCursor } from '@confab/contracts';

/** Watermarks that wait to be written: the highest of each, found by the place they are of. */
export class Gathered {
  readonly #byPlace = new Map<string, Map<string, CursorAdvance>>();

  get isEmpty(): boolean {
    return this.#byPlace.size === 0;
  }

  take(advance: CursorAdvance): void {
    const place = `${advance.conversationId} ${advance.userId}`;
    const marks = this.#byPlace.get(place) ?? new Map<string, CursorAdvance>();
    const mark = advance.kind === 'read' ? 'read' : `delivered ${advance.deviceId}`;
    if ((marks.get(mark)?.sequence ?? 0) < advance.sequence) marks.set(mark, advance);
    this.#byPlace.set(place, marks);
  }

  all(): readonly CursorAdvance[] {
    return [...this.#byPlace.values()].flatMap((marks) => [...marks.values()]);
  }

  /** The watermarks at a place as they will be once these are written. */
  over(place: CursorPlace, written: UserCursor | null): UserCursor | null {
    const marks = this.#byPlace.get(`${place.conversationId} ${place.userId}`);
    if (marks === undefined) return written;
    let { delivered, read, readOrdinal } = written ?? { delivered: 0, read: 0, readOrdinal: 0 };
    for (const { kind, sequence, ordinal } of marks.values()) {
      if (kind === 'delivered') delivered = Math.max(delivered, sequence);
      else if (sequence > read) [read, readOrdinal] = [sequence, ordinal];
    }
    return { userId: place.userId, delivered, read, readOrdinal };
  }
}
