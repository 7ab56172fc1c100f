/** Milliseconds since the epoch as RFC 3339 in UTC. The time is given, so this is pure. */
export function timeText(nowMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- formats a given time; it reads no clock.
  return new Date(nowMs).toISOString();
}
