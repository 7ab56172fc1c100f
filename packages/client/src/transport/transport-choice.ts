import type { Transport } from './transport.ts';

/** Openings that have to fail in a row before the next transport is tried. */
const FAILURES_MAX = 2;

/**
 * Which way to take. A transport that never worked and failed twice in a row gives place to the next; after the last
 * comes the first again, because most often it is the server that is away. One that worked once is kept.
 */
export class TransportChoice {
  readonly #transports: readonly Transport[];
  #place = 0;
  #failures = 0;
  #hasWorked = false;

  /** `transports` in the order of preference, at least one. */
  constructor(transports: readonly Transport[]) {
    this.#transports = transports;
  }

  get current(): Transport {
    const transport = this.#transports[this.#place];
    if (transport === undefined) throw new Error('a client needs a transport');
    return transport;
  }

  /** The transport to be preferred, where the current one is a lesser way. */
  get preferred(): Transport | null {
    return this.#place === 0 ? null : (this.#transports[0] ?? null);
  }

  /** The current transport reached the server. */
  worked(): void {
    this.#failures = 0;
    this.#hasWorked = true;
  }

  /** The current transport could not be opened. */
  failed(): void {
    if (this.#hasWorked) return;
    this.#failures += 1;
    if (this.#failures < FAILURES_MAX) return;
    this.#failures = 0;
    this.#place = (this.#place + 1) % this.#transports.length;
  }

  /** Begins with the first again: another network may let through what the last one blocked. */
  reset(): void {
    this.#place = 0;
    this.#failures = 0;
    this.#hasWorked = false;
  }
}
