/** One step of a run, as `--trace` prints it. */
export interface TraceLine {
  /** Milliseconds since the world began. */
  readonly atMs: number;
  readonly text: string;
}

/**
 * What happened in a run, in its order, as one number: two runs with the same number went the same way. Where somebody
 * listens, it is told of every step too.
 */
export class Trace {
  /** How many steps there were. */
  steps = 0;
  readonly #nowMs: () => number;
  readonly #listener: ((line: TraceLine) => void) | null;
  #hash = 0x811c9dc5;

  constructor(nowMs: () => number, listener: ((line: TraceLine) => void) | null) {
    this.#nowMs = nowMs;
    this.#listener = listener;
  }

  /** FNV-1a over all steps and their times. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  note(text: string): void {
    const atMs = this.#nowMs();
    this.steps += 1;
    this.#mix(atMs | 0);
    for (let place = 0; place < text.length; place++) this.#mix(text.charCodeAt(place));
    this.#listener?.({ atMs, text });
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
  }
}
