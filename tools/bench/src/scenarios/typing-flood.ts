import type { Bench } from '../bench.ts';
import { type Circles, makeCircles } from '../circles.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import { makePairs, type Pairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const ALONE = 'messages alone';
const BESIDE = 'messages beside the flood';
const RATIO = 'ack p99 to that without';
const BODY_BYTES = 200;
const PAIRS = 250;
const MESSAGES_PER_SECOND = 500;
const CIRCLES = { peopleOfCircle: 50, groupsOfCircle: 1 };
const PEOPLE = 2_000;
const TYPINGS_PER_SECOND = 100;
const CUTS_PER_SECOND = 100;
const NUMBERS = { alone: 1, beside: 2 };

export const TYPING_FLOOD: Scenario = {
  name: 'typing-flood',
  title: 'Messages beside what may be lost',
  what: `${PAIRS} pairs talk (${MESSAGES_PER_SECOND} messages of ${BODY_BYTES} bytes a second, open loop), first alone, then beside ${PEOPLE.toLocaleString('en')} people in groups of 50, of whom ${TYPINGS_PER_SECOND} a second say that they type, which 49 others are told, and ${CUTS_PER_SECOND} a second lose their connection and come back with their cursors: 5 % of them, every second.`,
  goals: [{ row: BESIDE, figure: RATIO, is: 'at most', bar: 1.5, stretch: 1.2 }],
  limits:
    'A reconnect costs the serving thread one to two milliseconds, in steps of a few hundred microseconds; 49 notes of typing cost half of one. Messages wait behind one or the other. Where a reader is behind, notes are dropped first.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const people = bench.size(PEOPLE, 100);
  const circles = await makeCircles({ url: server.url, prefix: 'restless', people, ...CIRCLES });
  const pairs = await makePairs(server, bench.size(PAIRS, 5));
  const alone = await measurePairs(bench, server, { what: ALONE, pairs, processNumber: NUMBERS.alone });
  await using load = await bench.startLoad('restless', { url: server.url, people: peopleOf(circles) });
  await load.call('connect');
  await load.call('begin', {
    typingsPerSecond: bench.size(TYPINGS_PER_SECOND, 20),
    cutsPerSecond: bench.size(CUTS_PER_SECOND, 20),
  });
  const fromMs = performance.now();
  const beside = await measurePairs(bench, server, { what: BESIDE, pairs, processNumber: NUMBERS.beside });
  const { typings, comings, failed, failure, processorUs } = await load.call('end');
  const seconds = (performance.now() - fromMs) / 1_000;
  await load.call('close');
  const flood = [
    { name: RATIO, value: ackP99Of(beside) / ackP99Of(alone), unit: '' },
    { name: 'typings', value: typings / seconds, unit: '/s' },
    { name: 'devices that came back', value: comings / seconds, unit: '/s' },
    { name: 'CPU of the flood’s generator', value: processorUs / 1e6 / seconds, unit: 'cores' },
  ];
  const broken = failed === 0 ? [] : [`${failed} devices could not come back: ${failure}`];
  return [
    alone,
    { ...beside, figures: [...flood, ...beside.figures], broken: [...beside.broken, ...broken] },
  ];
}

/** Each with the one group that the circle has. */
function peopleOf({ subjects, groups }: Circles): readonly { subject: string; conversationId: string }[] {
  return subjects.map((subject, at) => ({
    subject,
    conversationId: groups[Math.floor(at / CIRCLES.peopleOfCircle)]?.conversationId ?? '',
  }));
}

async function measurePairs(
  bench: Bench,
  server: ServerProcess,
  run: { readonly what: string; readonly pairs: Pairs; readonly processNumber: number },
): Promise<Row> {
  const { what, pairs, processNumber } = run;
  const plan = { processNumber, ...pairs, bodyBytes: BODY_BYTES, readersEach: 2, besides: null };
  const drive = { kind: 'open', perSecond: bench.size(MESSAGES_PER_SECOND, 50) } as const;
  return await measureMessages(bench, { what, target: server, plans: [plan], drive, seconds: bench.seconds });
}

function ackP99Of({ latencies }: Row): number {
  return latencies.find(({ name }) => name === 'ack')?.p99Ms ?? Number.NaN;
}
