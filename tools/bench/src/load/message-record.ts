import { NUMBERS_PER_PROCESS } from './message-text.ts';

/** Everything that a load process said, by the order in which it was said; copied to the checker as it stands. */
export type SaidMessages = {
  /** Number of the first one; the others follow. */
  readonly firstNumber: number;
  readonly lanes: Int32Array;
  readonly sentUs: Float64Array;
  /** 0: no answer came. */
  readonly acceptedUs: Float64Array;
  /** 0: no answer came. */
  readonly sequences: Int32Array;
};

const CAPACITY_AT_FIRST = 65_536;

/** Keeps what was said and answered in arrays that grow: a few bytes a message, for millions of them. */
export class MessageRecord {
  readonly #firstNumber: number;
  #count = 0;
  #lanes = new Int32Array(CAPACITY_AT_FIRST);
  #meantUs = new Float64Array(CAPACITY_AT_FIRST);
  #sentUs = new Float64Array(CAPACITY_AT_FIRST);
  #acceptedUs = new Float64Array(CAPACITY_AT_FIRST);
  #sequences = new Int32Array(CAPACITY_AT_FIRST);
  #missing = new Int32Array(CAPACITY_AT_FIRST);

  /** `processNumber`: from 1 on, another one in each load process. */
  constructor(processNumber: number) {
    this.#firstNumber = processNumber * NUMBERS_PER_PROCESS;
  }

  get count(): number {
    return this.#count;
  }

  /** Notes a message before it is sent, and gives its number. `readers`: how many devices of this process will get it. */
  say(lane: number, meantUs: number, sentUs: number, readers: number): number {
    if (this.#count === this.#lanes.length) this.#grow();
    const at = this.#count;
    this.#count += 1;
    this.#lanes[at] = lane;
    this.#meantUs[at] = meantUs;
    this.#sentUs[at] = sentUs;
    this.#missing[at] = readers;
    return this.#firstNumber + at;
  }

  /** Whether this process said it. */
  has(number: number): boolean {
    const at = number - this.#firstNumber;
    return at >= 0 && at < this.#count;
  }

  laneOf(number: number): number {
    return this.#lanes[number - this.#firstNumber] ?? -1;
  }

  meantUsOf(number: number): number {
    return this.#meantUs[number - this.#firstNumber] ?? 0;
  }

  /** When it was acknowledged; 0: not yet. */
  acceptedUsOf(number: number): number {
    return this.#acceptedUs[number - this.#firstNumber] ?? 0;
  }

  accept(number: number, sequence: number, atUs: number): void {
    const at = number - this.#firstNumber;
    this.#acceptedUs[at] = atUs;
    this.#sequences[at] = sequence;
  }

  /** Notes that one more reader has it; whether that was the last one. */
  deliver(number: number): boolean {
    const at = number - this.#firstNumber;
    const missing = (this.#missing[at] ?? 0) - 1;
    this.#missing[at] = missing;
    return missing === 0;
  }

  said(): SaidMessages {
    return {
      firstNumber: this.#firstNumber,
      lanes: this.#lanes.slice(0, this.#count),
      sentUs: this.#sentUs.slice(0, this.#count),
      acceptedUs: this.#acceptedUs.slice(0, this.#count),
      sequences: this.#sequences.slice(0, this.#count),
    };
  }

  #grow(): void {
    const length = this.#lanes.length * 2;
    this.#lanes = grown(this.#lanes, new Int32Array(length));
    this.#meantUs = grown(this.#meantUs, new Float64Array(length));
    this.#sentUs = grown(this.#sentUs, new Float64Array(length));
    this.#acceptedUs = grown(this.#acceptedUs, new Float64Array(length));
    this.#sequences = grown(this.#sequences, new Int32Array(length));
    this.#missing = grown(this.#missing, new Int32Array(length));
  }
}

function grown<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
