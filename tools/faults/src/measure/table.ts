import type { Row } from './rows.ts';

function number(value: number | undefined, digits = 0): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function lineOf(row: Row, ownShare: number): string {
  const cells = [
    row.what,
    `${number(row.perSecond, row.perSecond < 100 ? 1 : 0)} ${row.unit}/s`,
    number(row.p50Ms, 2),
    number(row.p99Ms, 2),
    number(row.processorUs, 1),
    `${number(ownShare * 100)} %`,
    row.remark ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Measures one row after the other and prints each as a line of a table. */
export async function printTable(steps: readonly (() => Promise<Row>)[]): Promise<void> {
  console.log('| what | rate | p50 ms | p99 ms | server CPU us each | generator core | |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const step of steps) {
    const before = process.cpuUsage();
    const fromMs = performance.now();
    const row = await step();
    const used = process.cpuUsage(before);
    const ownShare = (used.user + used.system) / 1000 / (performance.now() - fromMs);
    console.log(lineOf(row, ownShare));
  }
}
