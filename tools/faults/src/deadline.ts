const LOOK_EVERY_MS = 20;

/** Settles as `promise` does; fails with the name of what was awaited when the time is up. */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

type Waiter = { readonly isMet: () => boolean; readonly met: () => void };

/** Wakes those who wait for a state, each time something may have changed it. */
export class Bell {
  readonly #waiters = new Set<Waiter>();

  ring(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isMet()) continue;
      this.#waiters.delete(waiter);
      waiter.met();
    }
  }

  /** Resolves as soon as `isMet` is true at a ring, or at once; fails after `limitMs`. */
  async until(isMet: () => boolean, what: string | (() => string), limitMs = 20_000): Promise<void> {
    if (isMet()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { isMet, met: resolve };
    this.#waiters.add(waiter);
    try {
      await within(limitMs, 'the bell', promise);
    } catch {
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${limitMs} ms`);
    } finally {
      this.#waiters.delete(waiter);
    }
  }
}

/** Resolves after `delayMs`: for clients that are to wait before they try again. */
export async function passed(delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, delayMs);
  await promise;
}

/** Looks again until what is looked for is there, and gives it; after `limitMs` fails as the last look did. */
export async function lookUntil<T>(
  limitMs: number,
  look: () => T | Promise<T>,
  everyMs = LOOK_EVERY_MS,
): Promise<T> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() >= untilMs) throw error;
      await passed(everyMs);
    }
  }
}
