const LOOK_EVERY_MS = 10;

/** Looks again and again until it is so, or the time is over. */
export async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const fromMs = performance.now();
  while (!isSo() && performance.now() - fromMs < limitMs) await Bun.sleep(LOOK_EVERY_MS);
}
