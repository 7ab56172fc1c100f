import type { Navigation } from '../src/routing/navigation.tsx';

/** A history of one page in memory. */
export function memoryNavigation(initialPath: string): Navigation {
  let current = initialPath;
  const listeners = new Set<() => void>();
  const go = (path: string) => {
    current = path;
    for (const listener of listeners) listener();
  };
  return {
    path: () => current,
    push: go,
    replace: go,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
