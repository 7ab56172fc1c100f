import { type Line, type Quantity, roundedUp } from './arithmetic.ts';

/** How many of something one reason asks for. */
export interface Need {
  /** The reason, as in "by memory". */
  readonly by: string;
  readonly line: Line;
  /** The share of what there is that it is planned to use: 0.5 leaves room for twice the load. */
  readonly share: number;
}

/** One part of a plan. */
export interface Section {
  readonly title: string;
  /** The arithmetic, in the order in which it was done. */
  readonly lines: readonly Line[];
  /** What a reader has to know to trust it. */
  readonly remarks: readonly string[];
}

/** A part of a plan that ends in a number of machines or processes. */
export interface SizedSection extends Section {
  /** How many it takes: as many as the reason that asks for most. */
  readonly count: Quantity;
  readonly needs: readonly Need[];
  /** That reason. */
  readonly binds: string;
}

/** Takes the reason that asks for most; one that can never be met counts as most. */
export function sized(
  section: Section,
  { name, unit }: { readonly name: string; readonly unit: string },
  needs: readonly [Need, ...Need[]],
): SizedSection {
  const rounded = needs.map((need) => ({ ...need, line: roundedUp(need.line) }));
  const [first, ...others] = rounded as [Need, ...Need[]];
  const most = others.reduce((one, other) => (other.line.value > one.line.value ? other : one), first);
  const lines = [...section.lines, ...rounded.map(({ line }) => line)];
  return {
    ...section,
    lines,
    needs: rounded,
    count: { name, unit, value: Math.max(1, most.line.value) },
    binds: most.by,
  };
}
