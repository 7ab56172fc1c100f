import type { ClientEventName, ClientEvents, ClientLogger } from './client-types.ts';
import type { Unsubscribe } from './observable.ts';

type Listener = (fact: never) => void;

/** The typed events of a client. A listener that throws is logged and harms nobody else. */
export class Emitter {
  readonly #listeners = new Map<ClientEventName, Set<Listener>>();
  readonly #logger: ClientLogger;

  constructor(logger: ClientLogger) {
    this.#logger = logger;
  }

  readonly on = <E extends ClientEventName>(
    event: E,
    listener: (fact: ClientEvents[E]) => void,
  ): Unsubscribe => {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    const entry: Listener = (fact) => listener(fact);
    listeners.add(entry);
    return () => listeners.delete(entry);
  };

  emit<E extends ClientEventName>(event: E, fact: ClientEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(fact as never);
      } catch (error) {
        this.#logger.warn('a listener threw', { event, error: String(error) });
      }
    }
  }
}
