/** Unread mentions as a device follows them: a count of the server's up to a head, and what came since. */
export interface MentionCount {
  readonly base: number;
  readonly baseThrough: number;
  readonly since: readonly number[];
}

/** Begins from what the server said. */
export function mentionsFrom(count: number, headSequence: number): MentionCount {
  return { base: count, baseThrough: headSequence, since: [] };
}

export function mentionsOf(count: MentionCount): number {
  return count.base + count.since.length;
}

/** A message of somebody else mentions the user. */
export function mentionsAfterEvent(count: MentionCount, sequence: number): MentionCount {
  if (sequence <= count.baseThrough) return count;
  return { ...count, since: [...count.since, sequence] };
}

/** The user has read up to `floor`. What the server counted stays until the floor is past all of it. */
export function mentionsAfterRead(count: MentionCount, floor: number): MentionCount {
  const base = floor >= count.baseThrough ? 0 : count.base;
  const since = count.since.filter((sequence) => sequence > floor);
  return base === count.base && since.length === count.since.length ? count : { ...count, base, since };
}
