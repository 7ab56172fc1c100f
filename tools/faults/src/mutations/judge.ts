import { type Judged, type Mutation, type Verdict } from './mutation.ts';
import { runSuite, type SuiteRun } from './suite-run.ts';
import { type SuiteName, wordsOf } from './suites.ts';
import { TreeCopy } from './tree-copy.ts';

/** How much of a suite's output is shown: what it says last. */
const OUTPUT_SHOWN = 3_000;

export interface JudgeOptions {
  readonly mutations: readonly Mutation[];
  /** Copies of the tree, each with a suite of its own under way. */
  readonly atOnce: number;
  readonly onUnmutated: (suite: SuiteName, run: SuiteRun, seconds: number) => void;
  readonly onJudged: (judged: Judged) => void;
}

/**
 * Runs each suite unmutated, then each mutation against those tests of its suite that prove a rule it breaks. In the
 * order of the mutations.
 */
export async function judge(options: JudgeOptions): Promise<readonly Judged[]> {
  const { mutations, onJudged, onUnmutated } = options;
  await using copies = new AsyncDisposableStack();
  const free: TreeCopy[] = [];
  for (let count = 0; count < options.atOnce; count += 1) free.push(copies.use(await TreeCopy.make()));
  const unmutated = new Map<SuiteName, SuiteRun>();
  await eachOf([...new Set(mutations.map(({ suite }) => suite))], free, async (suite, copy) => {
    const rules = new Set(mutations.filter((one) => one.suite === suite).flatMap(({ breaks }) => breaks));
    const [run, seconds] = await timed(() => runSuite(copy, wordsOf(suite, [...rules])));
    unmutated.set(suite, run);
    onUnmutated(suite, run, seconds);
  });
  const judged = new Map<Mutation, Judged>();
  await eachOf(mutations, free, async (mutation, copy) => {
    const [verdict, seconds] = await timed(() => verdictOn(mutation, copy, unmutated.get(mutation.suite)));
    judged.set(mutation, { mutation, verdict, seconds });
    onJudged({ mutation, verdict, seconds });
  });
  return mutations.flatMap((mutation) => judged.get(mutation) ?? []);
}

async function verdictOn(
  mutation: Mutation,
  copy: TreeCopy,
  unmutated: SuiteRun | undefined,
): Promise<Verdict> {
  if (unmutated === undefined || !unmutated.isGreen)
    return { kind: 'not judged', reason: `${mutation.suite} is red without it` };
  let restore: () => Promise<void>;
  try {
    restore = await copy.apply(mutation.edits);
  } catch (error) {
    return { kind: 'does not fit', reason: error instanceof Error ? error.message : String(error) };
  }
  try {
    if (unmutated.needs !== null) return { kind: 'skipped', needs: unmutated.needs };
    return readVerdict(mutation, await runSuite(copy, wordsOf(mutation.suite, mutation.breaks)));
  } finally {
    await restore();
  }
}

/** Found only where a failure names a rule that the mutation breaks. */
export function readVerdict({ breaks }: Pick<Mutation, 'breaks'>, run: SuiteRun): Verdict {
  if (run.isGreen) return { kind: 'survived' };
  for (const failure of run.failures) {
    const rule = breaks.find((id) => failure.includes(`[${id}]`));
    if (rule !== undefined) return { kind: 'found', by: lineWith(failure, rule), rule };
  }
  return { kind: 'beside the point', output: run.output.slice(-OUTPUT_SHOWN) };
}

function lineWith(failure: string, rule: string): string {
  return failure.split('\n').find((line) => line.includes(`[${rule}]`)) ?? failure;
}

/** Each item once, with a copy that nobody else has meanwhile. */
async function eachOf<Item>(
  items: readonly Item[],
  copies: readonly TreeCopy[],
  action: (item: Item, copy: TreeCopy) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    copies.map(async (copy) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item, copy);
    }),
  );
}

async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
  const startedAt = performance.now();
  const result = await action();
  return [result, (performance.now() - startedAt) / 1_000];
}
