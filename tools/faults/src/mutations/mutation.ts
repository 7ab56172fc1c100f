import type { SuiteName } from './suites.ts';

/** One change of one file. The text must stand there exactly once: a row that no longer fits the code fails the run. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A fault that somebody might write into the code, and what has to notice it. */
export interface Mutation {
  readonly name: string;
  /** Rules that it breaks. What the suite reports must name at least one, or it is red for another reason. */
  readonly breaks: readonly string[];
  readonly suite: SuiteName;
  /** Whether `npm test` runs it; the others run with `npm run mutate -- all`. */
  readonly when: 'daily' | 'all';
  readonly edits: readonly Edit[];
}

/** What became of a mutation. */
export type Verdict =
  | { readonly kind: 'found'; readonly by: string; readonly rule: string }
  /** The suite stays green: nobody notices. */
  | { readonly kind: 'survived' }
  /** The suite is red, but names none of the rules: it does not load, say, or fails for the run of the machine. */
  | { readonly kind: 'beside the point'; readonly output: string }
  | { readonly kind: 'does not fit'; readonly reason: string }
  /** The suite is red without any mutation, or cannot run here. */
  | { readonly kind: 'not judged'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly needs: string };

export interface Judged {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
  readonly seconds: number;
}

/** Whether a verdict leaves the run green. */
export function isGood({ kind }: Verdict): boolean {
  return kind === 'found' || kind === 'skipped';
}
