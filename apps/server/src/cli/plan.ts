import { leversMarkdown } from '../plan/levers.ts';
import { measuredCosts } from '../plan/measured-costs.ts';
import { PlanError } from '../plan/plan-error.ts';
import { planOf } from '../plan/plan.ts';
import { costsMarkdown, planHelp, planJson, planText } from '../plan/print-plan.ts';
import { readWorkload } from '../plan/read-workload.ts';
import type { Workload } from '../plan/workload.ts';

/** The ways to print a plan; the last one given holds. */
const WAYS: Readonly<Record<string, (workload: Workload) => string>> = {
  '--json': (workload) => planJson(planOf(workload, measuredCosts)),
  '--levers': (workload) => leversMarkdown(workload, measuredCosts),
};

/** `confab plan`: how large a fleet has to be, from measured costs. Gives the exit code: 64 where a flag is wrong. */
export function plan(words: readonly string[]): number {
  if (words.includes('--help')) {
    console.log(planHelp());
    return 0;
  }
  if (words.length === 1 && words[0] === '--costs') {
    console.log(costsMarkdown());
    return 0;
  }
  try {
    const workload = readWorkload(words.filter((word) => !Object.hasOwn(WAYS, word)));
    const way = words.map((word) => WAYS[word]).findLast((one) => one !== undefined);
    console.log(way === undefined ? planText(planOf(workload, measuredCosts)) : way(workload));
    return 0;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    console.error(error.message);
    console.error('"confab plan --help" lists the flags and their bounds.');
    return 64;
  }
}
