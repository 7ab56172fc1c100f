import type { Bench } from '../bench.ts';
import { checkLogs } from '../check/check-log.ts';
import { type Circles, makeCircles } from '../circles.ts';
import { figuresOf } from '../figures.ts';
import { summaryOf } from '../load/latency-recorder.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import { makePairs, type Pairs } from '../pairs.ts';
import { HttpSpeech } from '../say-over-http.ts';
import type { Figure, Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const CUT = 'all cut off at once';
const KILLED = 'the server killed and started again';
const OTHERS_BEFORE = 'others, before it';
const OTHERS_DURING = 'others, while all come back';
const CIRCLES = { peopleOfCircle: 50, groupsOfCircle: 5 };
/** In each of five groups: 20 for each device. */
const MISSED_EACH = 4;
const BODY_BYTES = 200;
const OTHER_PAIRS = 50;
const OTHERS_PER_SECOND = 200;
const CONNECT_AT_ONCE = 256;
const LIMIT_MS = 60_000;
/** Whose numbers of messages are whose. */
const NUMBERS = { speech: 1, before: 2, during: 3 };

export const RECONNECT_STORM: Scenario = {
  name: 'reconnect-storm',
  title: 'Everybody comes back at once',
  what: `10,000 devices, each in 5 groups of 50, are cut off; while they are away 4 messages of ${BODY_BYTES} bytes come into each group. Then all of them connect in the same moment, with no jitter, hand over their cursors and get the 20 messages that each has missed. Timed from that moment to the \`caught_up\` of each and of the last. Meanwhile ${OTHER_PAIRS} pairs talk on (${OTHERS_PER_SECOND} messages a second, open loop). Then the same once more, with the server killed (\`kill -9\`) and started again in between. What each device has read is checked against the logs.`,
  goals: [
    { row: CUT, figure: 'all caught up', is: 'at most', bar: 8, stretch: 4 },
    { row: KILLED, figure: 'all caught up', is: 'at most', bar: 8, stretch: 4 },
  ],
  limits:
    'Reading list and missed events for every device, on the thread that serves; a few steps at a time, so that others are served between them.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const people = bench.size(10_000, 100);
  bench.progress(`${server.subject}: making ${people} users and their conversations`);
  const circles = await makeCircles({ url: server.url, prefix: 'crowd', people, ...CIRCLES });
  const pairs = await makePairs(server, bench.size(OTHER_PAIRS, 2));
  await using crowd = await bench.startLoad('crowd', { url: server.url, subjects: circles.subjects });
  await crowd.call('connect', { atOnce: CONNECT_AT_ONCE, isPatient: false, limitMs: LIMIT_MS });
  const storm = new Storm(bench, server, { circles, crowd });
  const before = await measureOthers(bench, server, {
    what: OTHERS_BEFORE,
    pairs,
    processNumber: NUMBERS.before,
    seconds: bench.seconds / 2,
  });
  await storm.miss();
  const comeBack = async (): Promise<Row> => {
    // Into the middle of the others' measured time.
    await Bun.sleep((bench.warmUpSeconds + bench.seconds / 4) * 1_000);
    return await storm.comeBack(CUT);
  };
  const [during, cut] = await Promise.all([
    measureOthers(bench, server, {
      what: OTHERS_DURING,
      pairs,
      processNumber: NUMBERS.during,
      seconds: bench.seconds,
    }),
    comeBack(),
  ]);
  await storm.miss();
  await server.kill();
  await server.start();
  const killed = await storm.comeBack(KILLED);
  bench.progress(`${server.subject}: checking`);
  const broken = await storm.check();
  await crowd.call('close');
  return [
    { ...cut, broken: [...cut.broken, ...broken] },
    { ...killed, broken: [...killed.broken, ...broken] },
    before,
    during,
  ];
}

/** The devices, what they miss, and how they come back. */
class Storm {
  readonly #bench: Bench;
  readonly #server: ServerProcess;
  readonly #crowd: LoadProcess<'crowd'>;
  readonly #circles: Circles;
  readonly #speech: HttpSpeech;

  constructor(
    bench: Bench,
    server: ServerProcess,
    { circles, crowd }: { readonly circles: Circles; readonly crowd: LoadProcess<'crowd'> },
  ) {
    this.#bench = bench;
    this.#server = server;
    this.#crowd = crowd;
    this.#circles = circles;
    const speakers = circles.groups.map(({ conversationId, founder }) => ({
      conversationId,
      subject: founder,
    }));
    this.#speech = new HttpSpeech(server.url, speakers, NUMBERS.speech);
  }

  /** All go away, and then it is talked. */
  async miss(): Promise<void> {
    this.#bench.progress(`${this.#server.subject}: cut off, and talking meanwhile`);
    await this.#crowd.call('cut');
    await this.#speech.say(MISSED_EACH, BODY_BYTES);
  }

  async comeBack(what: string): Promise<Row> {
    this.#bench.progress(`${this.#server.subject}, ${what}: coming back`);
    const atOnce = this.#circles.subjects.length;
    using meter = this.#bench.meter(this.#server.pids);
    const connected = await this.#crowd.call('connect', { atOnce, isPatient: true, limitMs: LIMIT_MS });
    const usage = meter.read();
    const { seconds, devices, holes, failed, failures, processorUs } = connected;
    const caughtUp = summaryOf('caught up', [connected.fromStart]);
    const figures: Figure[] = [
      { name: 'all caught up', value: seconds, unit: 's' },
      { name: 'devices', value: devices / seconds, unit: '/s' },
      { name: 'server CPU of a device', value: usage.processorUs / devices, unit: 'us' },
      { name: 'server CPU', value: usage.cores, unit: 'cores' },
      { name: 'generator CPU', value: processorUs / 1e6 / seconds, unit: 'cores' },
      ...figuresOf(caughtUp),
      { name: 'tries that failed', value: failed, unit: '' },
    ];
    const broken: string[] = [];
    if (devices < atOnce) broken.push(`${atOnce - devices} never came back: ${failures.join('; ')}`);
    if (holes > 0) broken.push(`${holes} times something was missing that should have come before caught_up`);
    const { subject } = this.#server;
    return { what, subject, figures, latencies: [caughtUp], memory: usage.memory, broken };
  }

  /** Whether every device has read every log as it stands, and the logs hold what was said. */
  async check(): Promise<readonly string[]> {
    const conversations = this.#circles.groups.map(({ conversationId, founder }) => ({
      conversationId,
      reader: founder,
    }));
    const read = await this.#crowd.call('evidence', conversations);
    return await checkLogs(this.#server, [this.#speech.evidence(), read]);
  }
}

async function measureOthers(
  bench: Bench,
  server: ServerProcess,
  run: {
    readonly what: string;
    readonly pairs: Pairs;
    readonly processNumber: number;
    readonly seconds: number;
  },
): Promise<Row> {
  const { what, pairs, processNumber, seconds } = run;
  const plan = { processNumber, ...pairs, bodyBytes: BODY_BYTES, readersEach: 2, besides: null };
  const drive = { kind: 'open', perSecond: OTHERS_PER_SECOND } as const;
  return await measureMessages(bench, { what, target: server, plans: [plan], drive, seconds });
}
