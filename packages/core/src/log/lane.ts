/**
 * The sends of one connection to one conversation, in the order they came. When one is refused and may be retried,
 * those behind it are refused too (`after_previous`) until it is sent again or given up: what a device sends to a
 * conversation commits in the order sent.
 */
export class Lane {
  #nextPosition = 1;
  #blocked: { readonly clientMessageId: string; readonly position: number } | null = null;
  #preparing: Promise<void> | null = null;

  /** Takes the next place, at the moment the request arrives. A retry of the refused one opens the lane again. */
  enter(clientMessageId: string): LanePlace {
    if (this.#blocked?.clientMessageId === clientMessageId) this.#blocked = null;
    const position = this.#nextPosition;
    this.#nextPosition += 1;
    return { lane: this, position, clientMessageId };
  }

  /** Whether a request behind the refused one has to be refused for that alone. */
  blocks(place: LanePlace): boolean {
    return this.#blocked !== null && place.position > this.#blocked.position;
  }

  /** What has to settle before the next request may go to the writer, or null: it may go at once. */
  get turn(): Promise<void> | null {
    return this.#preparing;
  }

  /** Makes later requests wait while this one is prepared (its members looked up). */
  async prepare<T>(work: Promise<T>): Promise<T> {
    const before = this.#preparing ?? Promise.resolve();
    const settled = Promise.allSettled([before, work]).then(() => {
      if (this.#preparing === settled) this.#preparing = null;
    });
    this.#preparing = settled;
    await before;
    return await work;
  }

  /** Notes a refusal that may be retried; the first one holds. */
  refuse(place: LanePlace): void {
    if (this.#blocked !== null && this.#blocked.position <= place.position) return;
    this.#blocked = { clientMessageId: place.clientMessageId, position: place.position };
  }

  /** The client gives the refused request up. */
  abandon(clientMessageId: string): void {
    if (this.#blocked?.clientMessageId === clientMessageId) this.#blocked = null;
  }
}

/** One request's place in its lane. */
export interface LanePlace {
  readonly lane: Lane;
  readonly position: number;
  readonly clientMessageId: string;
}
