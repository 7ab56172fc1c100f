/** Locks shared by the tabs of one device; within one process where the platform has none. */
export interface Locks {
  /** Runs `work` while no other tab runs work under the same name. */
  readonly exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Holds a name until `release` is called or the tab dies. */
  readonly hold: (name: string) => () => void;
  /** Names that are held somewhere, by this tab or another. */
  readonly held: () => Promise<ReadonlySet<string>>;
}

/** `navigator.locks` where there is one. */
export function platformLocks(): Locks {
  const shared = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return shared === undefined ? ownLocks : tabLocks(shared);
}

function tabLocks(shared: LockManager): Locks {
  return {
    exclusively: async (name, work) => await shared.request(name, work),
    hold(name) {
      const ended = new AbortController();
      const released = new Promise<void>((resolve) =>
        ended.signal.addEventListener('abort', () => resolve()),
      );
      // Without a lock others may send what this tab sends too, which is harmless: the same id is the same message.
      shared.request(name, async () => await released).catch(() => undefined);
      return () => ended.abort();
    },
    async held() {
      const { held } = await shared.query();
      return new Set((held ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])));
    },
  };
}

/** Locks for one process: a chain of promises for each name. */
function processLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  const names = new Map<string, number>();
  return {
    async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
      const before = tails.get(name) ?? Promise.resolve();
      const mine = before.then(work, work);
      const tail = mine.catch(() => undefined);
      tails.set(name, tail);
      try {
        return await mine;
      } finally {
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
    hold(name) {
      names.set(name, (names.get(name) ?? 0) + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (names.get(name) ?? 1) - 1;
        if (left === 0) names.delete(name);
        else names.set(name, left);
      };
    },
    held: async () => await Promise.resolve(new Set(names.keys())),
  };
}

/** One for all clients of the process, as tabs have one for all. */
const ownLocks = processLocks();
