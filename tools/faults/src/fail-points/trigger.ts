/** Whether a fail point is armed, with what number, and how often it has struck. */
export class Trigger {
  #number: number | null = null;
  #met = 0;
  /** How often it has struck since the process began. */
  strikes = 0;

  arm(number: number): void {
    this.#number = number;
    this.#met = 0;
  }

  disarm(): void {
    this.#number = null;
  }

  /** Strikes each time while it is armed, and gives its number; null where it is not. */
  each(): number | null {
    if (this.#number !== null) this.strikes += 1;
    return this.#number;
  }

  /** Strikes at every time so often as its number says. */
  isOneIn(): boolean {
    if (this.#number === null) return false;
    this.#met += 1;
    if (this.#met % this.#number !== 0) return false;
    this.strikes += 1;
    return true;
  }

  /** Strikes at the time that its number says, and at all that come after it. */
  isFrom(): boolean {
    if (this.#number === null) return false;
    this.#met += 1;
    if (this.#met < this.#number) return false;
    this.strikes += 1;
    return true;
  }
}
