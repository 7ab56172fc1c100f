import { limits } from '@confab/protocol';
import { Cell } from '../cell.ts';
import type { Timers } from '../client-types.ts';

const NOBODY: readonly string[] = [];

/** Who is typing in one conversation. A note lasts `typingShownMs`, or until the user's message arrives. */
export class TypingList {
  readonly users = new Cell<readonly string[]>(NOBODY);
  readonly #timers: Timers;
  readonly #changed: () => void;
  readonly #expiries = new Map<string, () => void>();

  constructor(timers: Timers, changed: () => void) {
    this.#timers = timers;
    this.#changed = changed;
  }

  started(userId: string): void {
    this.#expiries.get(userId)?.();
    this.#expiries.set(
      userId,
      this.#timers.after(limits.typingShownMs, () => this.stopped(userId)),
    );
    if (!this.users.get().includes(userId)) this.#set([...this.users.get(), userId]);
  }

  stopped(userId: string): void {
    this.#expiries.get(userId)?.();
    if (!this.#expiries.delete(userId)) return;
    const left = this.users.get().filter((other) => other !== userId);
    this.#set(left.length === 0 ? NOBODY : left);
  }

  clear(): void {
    for (const userId of this.#expiries.keys()) this.stopped(userId);
  }

  #set(users: readonly string[]): void {
    this.users.set(users);
    this.#changed();
  }
}
