const LOOK_EVERY_MS = 5;

/** Resolves once the condition holds; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  // tidy-allow-sleep: what happens in other processes is looked at, there is no event of it here.
  while (!(await holds())) await Bun.sleep(LOOK_EVERY_MS);
}
