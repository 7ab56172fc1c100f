/** A number with the words that make it readable: `{name: 'connections', value: 2_000_000, unit: 'connections'}`. */
export interface Quantity {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** A quantity that was worked out, and from what. */
export interface Line extends Quantity {
  /** The right side of the equation, as it was computed. */
  readonly how: string;
}

/** How a line is called, and what it is counted in. */
export interface Label {
  readonly name: string;
  readonly unit: string;
}

type Step = readonly ['x' | '/', Quantity];

/** A number that needs no other: an assumption, or a choice of whoever plans. */
export function constant(name: string, value: number, unit: string): Quantity {
  return { name, value, unit };
}

/** `first x a / b ...`, from left to right. What is printed is what was computed. */
export function product({ name, unit }: Label, first: Quantity, ...steps: readonly Step[]): Line {
  let { value } = first;
  for (const [operator, { value: next }] of steps) value = operator === 'x' ? value * next : value / next;
  const how = [shown(first), ...steps.map(([operator, step]) => `${operator} ${shown(step)}`)].join(' ');
  return { name, unit, value, how };
}

/** The sum of quantities of one unit; each is named, for the reader to find its line. */
export function sum({ name, unit }: Label, parts: readonly Quantity[]): Line {
  const value = parts.reduce((total, part) => total + part.value, 0);
  return {
    name,
    unit,
    value,
    how: parts.map((part) => `${numberText(part.value)} ${part.name}`).join(' + '),
  };
}

/** `whole - part`, never below nothing. */
export function rest({ name, unit }: Label, whole: Quantity, part: Quantity): Line {
  const value = Math.max(0, whole.value - part.value);
  return { name, unit, value, how: `${shown(whole)} - ${numberText(part.value)} ${part.name}` };
}

/** The next whole number: there are no halves of machines. */
export function roundedUp(line: Line): Line {
  return { ...line, value: Math.ceil(line.value), how: `${line.how}, rounded up` };
}

function shown({ value, unit }: Quantity): string {
  return unit === '' ? numberText(value) : `${numberText(value)} ${unit}`;
}

/** A number as people write it, to three digits or to the unit: `2,000,000`, `12.3`, `0.0051`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'without end';
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  const short = Number(value.toPrecision(3));
  // 0.9999 is not 1 where it matters.
  return String(size < 1 && Math.abs(short) === 1 ? Number(value.toPrecision(5)) : short);
}
