import { types } from 'cassandra-driver';

/** A version is a sequence; the upper half of a write's timestamp has room for as many events in one conversation. */
const VERSION_MAX = 2 ** 31 - 1;
const TIE_BREAK_EPOCH_MS = Date.UTC(2026, 0, 1);
/** At one step in 250 ms the 32 bits of a tie-break last 34 years; busier processes run ahead of the clock. */
const TIE_BREAK_STEP_MS = 250;

let lastTieBreak = 0;

/**
 * Of two puts of one version the later one wins. Rows get at most one put of a version, so this only has to be right
 * within a process, and nearly so between two.
 */
export function nextTieBreak(): number {
  lastTieBreak = Math.max(
    lastTieBreak + 1,
    Math.floor((Date.now() - TIE_BREAK_EPOCH_MS) / TIE_BREAK_STEP_MS),
  );
  return lastTieBreak;
}

/** Cassandra keeps the cell with the highest timestamp, so this is what makes puts commute. */
export function putTimestamp(version: number, tieBreak: number): types.Long {
  if (version < 0 || version > VERSION_MAX) throw new Error(`${version} is no version of a row`);
  return types.Long.fromBits(tieBreak, version);
}
