import type { Observable, Unsubscribe } from './observable.ts';

/** What happens when the first listener comes and the last one goes. */
export interface Watch {
  readonly watched: () => void;
  readonly unwatched: () => void;
}

/**
 * Listeners of one value. Many changes in one go become one call: listeners are told in a microtask, so that a page of
 * two hundred events renders once.
 */
export class Signal {
  readonly #listeners = new Set<() => void>();
  readonly #watch: Watch | null;
  #isScheduled = false;

  constructor(watch: Watch | null = null) {
    this.#watch = watch;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    // A wrapper of its own, so that the same function subscribed twice is two subscriptions.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    if (this.#listeners.size === 1) this.#watch?.watched();
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#watch?.unwatched();
    };
  };

  notify(): void {
    if (this.#isScheduled || this.#listeners.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** An observable that is set. */
export class Cell<T> implements Observable<T> {
  readonly #signal: Signal;
  #value: T;

  constructor(value: T, watch: Watch | null = null) {
    this.#value = value;
    this.#signal = new Signal(watch);
  }

  get subscribe(): Observable<T>['subscribe'] {
    return this.#signal.subscribe;
  }

  readonly get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(this.#value, value)) return;
    this.#value = value;
    this.#signal.notify();
  }
}

/** An observable that is computed when read, and again only after `invalidate`. */
export class Derived<T> implements Observable<T> {
  readonly #signal: Signal;
  readonly #compute: (previous: T | undefined) => T;
  #value: T | undefined;
  #isFresh = false;

  /** `compute` gets the last value, so that it can give back the same reference where nothing changed. */
  constructor(compute: (previous: T | undefined) => T, watch: Watch | null = null) {
    this.#compute = compute;
    this.#signal = new Signal(watch);
  }

  get isWatched(): boolean {
    return this.#signal.isWatched;
  }

  get subscribe(): Observable<T>['subscribe'] {
    return this.#signal.subscribe;
  }

  readonly get = (): T => {
    if (!this.#isFresh) {
      this.#value = this.#compute(this.#value);
      this.#isFresh = true;
    }
    return this.#value as T;
  };

  invalidate(): void {
    this.#isFresh = false;
    this.#signal.notify();
  }
}
