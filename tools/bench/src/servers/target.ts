import type { Subject } from '../row.ts';

/** What is loaded: a server, a baseline, or the gateways of a fleet. */
export interface Target {
  readonly subject: Subject;
  /**
   * `log`: it keeps messages and numbers them, as Confab does. `echo`: it keeps nothing; what is sent comes back as it
   * was, and no promise is checked.
   */
  readonly speaks: 'log' | 'echo';
  /** `http://127.0.0.1:8080`, of each process. Devices go to them in turn. */
  readonly urls: readonly string[];
  /** Whose processor time and memory are measured. */
  readonly pids: readonly number[];
  /** Of the store, where it is a process of its own. */
  readonly storePids: readonly number[];
}

/** Where HTTP goes that is not measured. */
export function firstUrlOf({ urls }: Target): string {
  const [first] = urls;
  if (first === undefined) throw new Error('nothing to load');
  return first;
}
