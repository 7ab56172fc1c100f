import { numberText } from './arithmetic.ts';
import { PlanError, type PlanProblem } from './plan-error.ts';
import { choices, type Workload } from './workload.ts';

const NUMBER = /^\d{1,15}(?:\.\d{1,9})?(?:e\d{1,2})?$/i;
type ChoiceKey = keyof typeof choices;
const entries = Object.entries(choices) as readonly (readonly [ChoiceKey, (typeof choices)[ChoiceKey]])[];

/** Reads `--connections 2e6` or `--connections=2e6`, and so on. Throws one `PlanError` with all there is to put right. */
export function readWorkload(words: readonly string[]): Workload {
  const problems: PlanProblem[] = [];
  const given = new Map<ChoiceKey, number>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [, flag, joined] = /^--([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
    const isFollowed =
      flag !== undefined && joined === undefined && words[at + 1]?.startsWith('--') === false;
    const text = joined ?? (isFollowed ? words[(at += 1)] : undefined);
    const key = entries.find(([, { name }]) => name === flag)?.[0];
    const problem = key === undefined ? unknown(word) : given.has(key) ? twice(key) : problemOf(key, text);
    if (problem !== null) problems.push(problem);
    else if (key !== undefined) given.set(key, Number(text));
  }
  if (problems.length > 0) throw new PlanError(problems);
  return workloadOf(given);
}

function unknown(word: string): PlanProblem {
  return { code: 'unknown_flag', text: `"${word}" is no flag of plan.` };
}

function twice(key: ChoiceKey): PlanProblem {
  return { code: 'given_twice', text: `--${choices[key].name} is given twice.` };
}

function problemOf(key: ChoiceKey, text: string | undefined): PlanProblem | null {
  const { name, minimum, maximum, isWhole } = choices[key];
  const range = `a ${isWhole ? 'whole ' : ''}number from ${numberText(minimum)} to ${numberText(maximum)}`;
  if (text === undefined) return { code: 'no_value', text: `--${name} needs ${range}.` };
  if (!NUMBER.test(text)) return { code: 'no_number', text: `--${name} is "${text}"; it is ${range}.` };
  const value = Number(text);
  if (value >= minimum && value <= maximum && (!isWhole || Number.isInteger(value))) return null;
  return { code: 'out_of_bounds', text: `--${name} is ${text}; it is ${range}.` };
}

function workloadOf(given: ReadonlyMap<ChoiceKey, number>): Workload {
  const quantities = entries.map(([key, { name, unit, value }]) => {
    return [key, { name, unit, value: given.get(key) ?? value }] as const;
  });
  return Object.fromEntries(quantities) as Workload;
}
