/** Microseconds since 1970: the same for all processes of this machine, and never going back within one. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}
