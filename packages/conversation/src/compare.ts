/** What to do with an event: it is the next one, an old one, or there is a hole before it. */
export type Arrival = 'next' | 'old' | 'gap';

/** The three-way compare: `next` is applied, `old` dropped, at a `gap` a reader waits briefly and then syncs. */
export function compareArrival(lastApplied: number, sequence: number): Arrival {
  if (sequence === lastApplied + 1) return 'next';
  return sequence <= lastApplied ? 'old' : 'gap';
}
