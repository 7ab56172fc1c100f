/** One thing that keeps a plan from being made. */
export interface PlanProblem {
  readonly code: 'unknown_flag' | 'no_value' | 'no_number' | 'out_of_bounds' | 'given_twice' | 'no_fleet';
  readonly text: string;
}

/** Everything that is wrong with what was asked of a plan, at once; each with a code. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly problems: readonly PlanProblem[];

  constructor(problems: readonly PlanProblem[]) {
    super(problems.map(({ code, text }) => `${code}: ${text}`).join('\n'));
    this.problems = problems;
  }
}
