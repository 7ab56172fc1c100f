import type { SeedOutcome } from '../run-seed.ts';

/** Of each failing world so many complaints are printed. */
const COMPLAINTS_MAX = 5;

/** How often each thing happened, in two columns. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `  ${what.padEnd(38)} ${String(count).padStart(12)}`)
    .join('\n');
}

/** What is wrong with a world, and how to see it again. */
export function failureText({ seed, wrong }: SeedOutcome): string {
  const more = wrong.length - COMPLAINTS_MAX;
  return [
    ...wrong.slice(0, COMPLAINTS_MAX).map((complaint) => `seed ${seed}: ${complaint}`),
    ...(more > 0 ? [`seed ${seed}: and ${more} more`] : []),
    `  again: npm run simulate -- --seed ${seed} --once --trace`,
  ].join('\n');
}
