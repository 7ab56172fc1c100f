import { type Line, numberText } from './arithmetic.ts';
import { measuredCosts } from './measured-costs.ts';
import type { Limit, Plan } from './plan.ts';
import type { SizedSection } from './section.ts';
import { choices } from './workload.ts';

const LIMITS_SHOWN = 4;

/** A plan to be read by people, line by line. */
export function planText(plan: Plan): string {
  const { traffic, gateways, cassandra, redis, network, promises } = plan;
  return [
    summaryLines(plan),
    sectionLines('Given', Object.values(plan.workload).map(givenText), []),
    ...[traffic, gateways, cassandra, redis, network, promises].map((section) =>
      sectionLines(section.title, section.lines.map(lineText), section.remarks),
    ),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** A plan for programs: what was given, what it takes, what binds, and every line of the arithmetic. */
export function planJson(plan: Plan): string {
  const { workload, traffic, gateways, cassandra, redis, network, promises, verdict, carriedShare, limits } =
    plan;
  return JSON.stringify(
    {
      given: Object.fromEntries(Object.values(workload).map(({ name, value }) => [name, value])),
      verdict,
      carriedShare,
      gateways: sizesOf(gateways),
      cassandra: sizesOf(cassandra),
      redis: { cores: redis.load.value, gibibytes: redis.memory.value, nodesMax: redis.nodesMax },
      limits,
      arithmetic: [traffic, gateways, cassandra, redis, network, promises].map(
        ({ title, lines, remarks }) => ({
          title,
          lines,
          remarks,
        }),
      ),
      costs: Object.values(measuredCosts),
    },
    null,
    2,
  );
}

function sizesOf({ count, binds, needs }: SizedSection): object {
  const counts = needs.map(({ by, line }) => ({ by, count: line.value }));
  return { count: count.value, unit: count.unit, binds, needs: counts };
}

/** The table of measured costs, in Markdown. */
export function costsMarkdown(): string {
  const rows = Object.values(measuredCosts).map(
    ({ name, value, unit, basis, where, date, note }) =>
      `| ${name} | ${numberText(value)} ${unit} | ${basis} | ${where} | ${date} | ${note} |`,
  );
  const head = [
    '| cost | value | basis | where from | when | note |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  return [...head, ...rows].join('\n');
}

/** Every flag with its bounds. */
export function planHelp(): string {
  const rows = Object.values(choices).map(({ name, value, minimum, maximum, unit, description }) => {
    const range = `${numberText(minimum)} to ${numberText(maximum)}`;
    return `  --${name.padEnd(24)} ${description} (${`${numberText(value)} ${unit}`.trim()}; ${range})`;
  });
  return [
    'usage: confab plan [--connections 2e6] [--messages 9300] ... [--json | --levers | --costs | --help]',
    '',
    'Sizes a fleet from measured costs and shows the arithmetic. In brackets: what holds without the flag, and its bounds.',
    '',
    ...rows,
    '  --json                     The plan for programs.',
    '  --levers                   What would change with one thing changed at a time, as a table in Markdown.',
    '  --costs                    The table of costs that plans rest on, in Markdown.',
  ].join('\n');
}

function summaryLines(plan: Plan): readonly string[] {
  const { gateways, cassandra, redis, limits } = plan;
  return [
    'The fleet',
    `  ${sizeText(gateways)}`,
    `  ${sizeText(cassandra)}`,
    `  Redis: ${numberText(redis.load.value)} cores of the one it has, ${numberText(redis.memory.value)} GiB`,
    `  ${verdictText(plan)}`,
    `  What is full first as the load grows: ${limits.slice(0, LIMITS_SHOWN).map(limitText).join(', ')}.`,
  ];
}

function sizeText({ count, binds, needs }: SizedSection): string {
  const others = needs
    .filter(({ by }) => by !== binds)
    .map(({ by, line }) => `${numberText(line.value)} ${by}`);
  return `${count.name}: ${numberText(count.value)} ${count.unit}, ${binds} (${others.join(', ')})`;
}

function verdictText(plan: Plan): string {
  const { redis, workload, carriedShare, verdict } = plan;
  const share = (value: number): string => numberText(Math.floor(value * carriedShare));
  const headroom = `${numberText(workload.headroom.value * 100)} % of its core`;
  const carried = [
    `At this mix one Redis carries ${share(workload.connections.value)} connections with ${share(workload.messages.value)} messages/s at ${headroom},`,
    `and no more than ${numberText(redis.nodesMax)} gateway processes whatever they do.`,
  ];
  switch (verdict) {
    case 'fits':
      return 'It fits what is built.';
    case 'tight':
      return [
        'It is tight: one Redis carries registry and bus, with less headroom than planned.',
        ...carried,
      ].join('\n  ');
    case 'too_large':
      return [
        'It does NOT fit what is built: one Redis carries registry and bus.',
        ...carried,
        `It is ${numberText(Math.ceil(1 / carriedShare))} such fleets that share no conversation, or fewer receipts; or a registry and a bus over many servers,`,
        'with nodes that do not all watch each other, which is not built.',
      ].join('\n  ');
  }
}

function limitText({ what, times }: Limit): string {
  return `${what} at ${numberText(times)} times this load`;
}

function sectionLines(
  title: string,
  lines: readonly string[],
  remarks: readonly string[],
): readonly string[] {
  return [title, ...lines.map((line) => `  ${line}`), ...remarks.map((remark) => `  * ${remark}`)];
}

function givenText({ name, value, unit }: { name: string; value: number; unit: string }): string {
  return `${name} = ${numberText(value)} ${unit}`.trimEnd();
}

function lineText({ name, value, unit, how }: Line): string {
  return `${name} = ${how} = ${numberText(value)} ${unit}`.trimEnd();
}
