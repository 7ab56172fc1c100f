import type { Observable } from '@confab/client';

/** A value that tells its listeners when it changes. */
export interface Cell<T> extends Observable<T> {
  readonly set: (value: T) => void;
  readonly update: (change: (value: T) => T) => void;
}

export function cell<T>(initial: T): Cell<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of listeners) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
