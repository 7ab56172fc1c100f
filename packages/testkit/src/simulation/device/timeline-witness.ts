import type { ChatClient, MessageItem, Timeline, TimelineItem, TimelineView } from '@confab/client';
import type { History } from '../history.ts';

/**
 * Looks at one open timeline as its user does, every time it changes: nothing stands twice, nothing that was shown
 * moves or goes, but what is older than the window, and what was sent here is there until it has its place.
 */
export class TimelineWitness {
  readonly timeline: Timeline;
  readonly #who: string;
  readonly #history: History;
  readonly #unsubscribe: () => void;
  #last: TimelineView;

  constructor(client: ChatClient, conversationId: string, who: string, history: History) {
    this.#who = `${who} in ${conversationId}`;
    this.#history = history;
    this.timeline = client.timeline(conversationId);
    this.#last = this.timeline.get();
    this.#unsubscribe = this.timeline.subscribe(() => this.#look());
  }

  close(): void {
    this.#unsubscribe();
  }

  #look(): void {
    const view = this.timeline.get();
    const before = this.#last;
    this.#last = view;
    if (view === before) return;
    this.#checkOrder(view);
    if (view.status !== 'gone' && before.status !== 'gone') this.#checkKept(before, view);
  }

  /** [G2.1]: ascending, each key and sequence once. */
  #checkOrder({ items }: TimelineView): void {
    const keys = new Set<string>();
    let last = 0;
    for (const item of items) {
      if (keys.has(item.key)) this.#complain(`[G3.1] shows ${item.key} twice`);
      keys.add(item.key);
      if (item.sequence === null) continue;
      if (item.sequence <= last) this.#complain(`[G2.1] shows ${item.sequence} behind ${last}`);
      last = item.sequence;
    }
  }

  #checkKept(before: TimelineView, after: TimelineView): void {
    const now = new Map(after.items.map((item) => [item.key, item]));
    const oldest =
      after.items.find(({ sequence }) => sequence !== null)?.sequence ?? Number.POSITIVE_INFINITY;
    for (const item of before.items) {
      const kept = now.get(item.key);
      if (kept === item) continue;
      if (kept === undefined) this.#checkGone(item, oldest);
      else if (item.sequence !== null && kept.sequence !== item.sequence)
        this.#complain(`[G2.1] ${item.key} moved from ${item.sequence} to ${kept.sequence}`);
    }
  }

  #checkGone(item: TimelineItem, oldest: number): void {
    if (item.sequence === null) {
      if (!this.#isGivenUp(item) && !this.#isOlder(item, oldest))
        this.#complain(`[G1.2] unsent ${item.key} is gone`);
    } else if (item.sequence >= oldest) this.#complain(`[G4.1] ${item.sequence} was shown and is gone`);
  }

  /** It has got a place before the window, which began anew: it is there for who scrolls. */
  #isOlder(item: TimelineItem, oldest: number): boolean {
    const sent = item.kind === 'message' ? this.#history.ofBody(item.body) : null;
    return (sent?.promised?.sequence ?? Number.POSITIVE_INFINITY) < oldest;
  }

  #isGivenUp(item: TimelineItem): boolean {
    if (item.kind !== 'message') return false;
    const sent = this.#history.ofBody((item satisfies MessageItem).body);
    return sent === null || sent.isDiscarded || !sent.isKept;
  }

  #complain(what: string): void {
    this.#history.complain(`${what}: ${this.#who}`);
  }
}
