/** Reads of one call that are under way at once; the rest wait their turn. */
const READS_AT_ONCE_MAX = 64;

/** The action's answer for each item, in order, with at most `atOnceMax` under way. The first error ends it. */
export async function mapBounded<T, R>(
  items: readonly T[],
  atOnceMax: number,
  action: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  if (items.length <= atOnceMax) return Promise.all(items.map(action));
  const answers: R[] = [];
  const entries = items.entries();
  const work = async (): Promise<void> => {
    // The iterator is shared, so that each takes the next one that nobody has.
    for (const [index, item] of entries) answers[index] = await action(item, index);
  };
  await Promise.all(Array.from({ length: atOnceMax }, work));
  return answers;
}

/** `mapBounded` for reads. */
export function readEach<T, R>(
  items: readonly T[],
  read: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  return mapBounded(items, READS_AT_ONCE_MAX, read);
}
