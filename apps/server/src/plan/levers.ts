import { numberText } from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import { type Plan, planOf } from './plan.ts';
import { choices, type Workload } from './workload.ts';

type Change = Partial<Record<keyof Workload, number>>;

/** What may be otherwise with other users, other clients or other machines. */
const changes: readonly Change[] = [
  {},
  { receipts: 0.2 },
  { reconnectMinutes: 10 },
  { conversations: 60 },
  { deliveries: 2, groupShare: 0.1 },
  { retentionDays: 30 },
  { cassandraDisk: 12, diskShare: 0.7 },
];

/** The workload as it is and then with one thing changed a row, and what each takes, in Markdown. */
export function leversMarkdown(workload: Workload, costs: Costs): string {
  const rows = changes.map((change) => rowOf(change, planOf(changed(workload, change), costs)));
  return [
    '| changed | gateway processes | nodes of Cassandra | cores of one Redis |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function changed(workload: Workload, change: Change): Workload {
  const quantities = Object.entries(workload).map(([key, quantity]) => {
    const value = change[key as keyof Workload];
    return [key, value === undefined ? quantity : { ...quantity, value }] as const;
  });
  return Object.fromEntries(quantities) as Workload;
}

function rowOf(change: Change, { gateways, cassandra, redis }: Plan): string {
  const flags = Object.entries(change).map(
    ([key, value]) => `--${choices[key as keyof Workload].name} ${value}`,
  );
  const sizes = [gateways, cassandra].map(({ count, binds }) => `${numberText(count.value)}, ${binds}`);
  const what = flags.length === 0 ? 'nothing' : `\`${flags.join(' ')}\``;
  return `| ${[what, ...sizes, numberText(redis.load.value)].join(' | ')} |`;
}
