/** Stops a subscription. Calling it twice does no harm. */
export type Unsubscribe = () => void;

/**
 * A value that changes over time. Snapshots are immutable: as long as nothing changed, `get` gives the same reference,
 * so it fits `useSyncExternalStore` and any other comparing reader.
 */
export interface Observable<T> {
  readonly get: () => T;
  /** Calls back after the value changed, never synchronously from inside `subscribe`. */
  readonly subscribe: (listener: () => void) => Unsubscribe;
}
