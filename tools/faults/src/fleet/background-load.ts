import { Bell, passed } from '../deadline.ts';
import type { Outcome } from '../history.ts';
import type { Person, Scene, Talk } from '../scene.ts';
import { deliveriesOf, slowestAnswerMs, type Delivery } from './deliveries.ts';
import { KeptDevice } from './kept-device.ts';

export type LoadOptions = {
  /** A name for its people. */
  readonly name: string;
  /** Messages a second, of all people together, to begin with. */
  readonly perSecond: number;
};

/** What came of a time of talking. */
export type Talking = { readonly acknowledged: number; readonly silenceMs: number };

type Speaker = { readonly kept: KeptDevice; readonly talks: readonly Talk[] };

const PEOPLE = 6;
const DEVICES_EACH = 3;
const TICK_MS = 20;
/** With so many unanswered nothing more is said: it waits for the fleet. */
const UNANSWERED_MAX = 300;
const LEVEL_MS_MAX = 30_000;

/**
 * People who talk while something goes wrong: in a group of all, in smaller ones and in pairs, each from three devices,
 * which are on different gateways where there are several.
 */
export class BackgroundLoad {
  /** The group of all: the first of the talks. */
  readonly hot: Talk;
  readonly talks: readonly Talk[];
  readonly kept: readonly KeptDevice[];
  /** Messages a second, of all people together. */
  perSecond = 0;
  /** What was refused for good; nothing should be. */
  readonly refused: Outcome[] = [];
  readonly #scene: Scene;
  readonly #speakers: readonly Speaker[];
  readonly #bell = new Bell();
  readonly #pending = new Set<Promise<void>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #acknowledged = 0;
  #acknowledgedAtMs = 0;
  #longestSilenceMs = 0;
  #said = 0;
  /** What is owed to the rate, as parts of a message. */
  #owed = 0;

  private constructor(scene: Scene, hot: Talk, speakers: readonly Speaker[]) {
    this.hot = hot;
    this.#scene = scene;
    this.#speakers = speakers;
    this.kept = speakers.map(({ kept }) => kept);
    this.talks = [...new Set(speakers.flatMap(({ talks }) => talks))];
  }

  static async start(scene: Scene, { name, perSecond }: LoadOptions): Promise<BackgroundLoad> {
    const people = await scene.people(`${name}-`, PEOPLE);
    const [first, ...others] = people;
    if (first === undefined) throw new Error('nobody');
    const hot = await scene.group(first, others);
    const talksOf = new Map(people.map((person) => [person, [hot]]));
    const add = (talk: Talk, members: readonly Person[]): void =>
      members.forEach((member) => talksOf.get(member)?.push(talk));
    for (const [at, person] of people.entries()) {
      const next = people[(at + 1) % PEOPLE] ?? first;
      const further = people[(at + 2) % PEOPLE] ?? first;
      add(await scene.direct(person, next), [person, next]);
      add(await scene.group(person, [next, further]), [person, next, further]);
    }
    const speakers = await Promise.all(
      people.flatMap((person) =>
        Array.from({ length: DEVICES_EACH }, async (_, at) => {
          // The first connection is to a gateway of its own, each later one to whichever the balancer finds.
          const url = scene.server.gatewayUrls[at % scene.server.gatewayUrls.length] ?? scene.server.baseUrl;
          const device = scene.deviceAt(person, `on${at}`, url);
          return { kept: await KeptDevice.connect(device), talks: talksOf.get(person) ?? [] };
        }),
      ),
    );
    const load = new BackgroundLoad(scene, hot, speakers);
    load.perSecond = perSecond;
    load.#timer = setInterval(() => load.#tick(), TICK_MS);
    return load;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Every connection that went, and how. */
  get closes(): readonly string[] {
    return this.kept.flatMap(({ device, closes }) => closes.map((close) => `${device.name}: ${close}`));
  }

  /** Waits until `count` more messages have been acknowledged than are now. */
  async acknowledging(count: number, limitMs = 30_000): Promise<void> {
    const until = this.#acknowledged + count;
    const what = () => `${this.#acknowledged} of ${until} acknowledged`;
    await this.#bell.until(() => this.#acknowledged >= until, what, limitMs);
  }

  /** Lets them talk for a while: how many messages were acknowledged in it, and the longest time without one. */
  async talking(durationMs: number): Promise<Talking> {
    const before = this.#acknowledged;
    const fromMs = performance.now();
    this.#longestSilenceMs = 0;
    this.#acknowledgedAtMs = fromMs;
    await passed(durationMs);
    const silenceMs = Math.max(this.#longestSilenceMs, performance.now() - this.#acknowledgedAtMs);
    return { acknowledged: this.#acknowledged - before, silenceMs: Math.round(silenceMs) };
  }

  /** Ends the talking and waits until everything is answered and every device has everything. */
  async level(): Promise<void> {
    clearInterval(this.#timer);
    await this.#bell.until(
      () => this.#pending.size === 0,
      () => `${this.#pending.size} answers`,
      LEVEL_MS_MAX,
    );
    for (const talk of this.talks) {
      const { length } = (await this.#scene.log(talk)).events;
      for (const { device } of this.kept) {
        if (device.copies.has(talk.conversationId))
          await device.reach(talk.conversationId, length, LEVEL_MS_MAX);
      }
    }
  }

  /** How long after its acknowledgement each message came to each device that never lost its connection. */
  deliveries(): readonly Delivery[] {
    const steady = this.kept.filter(({ losses }) => losses === 0).map(({ device }) => device.name);
    return deliveriesOf(this.#scene.history, new Set(steady));
  }

  /** The longest time from saying a message to its acknowledgement. */
  slowestAnswerMs(): number {
    return slowestAnswerMs(this.#scene.history.attempts);
  }

  /** The devices that were connected to a gateway at the start. */
  keptAt(gateway: number): readonly KeptDevice[] {
    return this.kept.filter((_, index) => index % DEVICES_EACH === gateway);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.kept.map(async (kept) => kept.stop()));
  }

  #count(): void {
    const nowMs = performance.now();
    this.#acknowledged += 1;
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, nowMs - this.#acknowledgedAtMs);
    this.#acknowledgedAtMs = nowMs;
  }

  #tick(): void {
    this.#owed = Math.min(this.#owed + (this.perSecond * TICK_MS) / 1_000, this.perSecond);
    for (; this.#owed >= 1; this.#owed -= 1) if (this.#pending.size < UNANSWERED_MAX) this.#sayOne();
  }

  #sayOne(): void {
    this.#said += 1;
    const speaker = this.#speakers[this.#said % this.#speakers.length];
    // Every other message goes to the group of all.
    const at = this.#said % 2 === 0 ? 0 : Math.floor(this.#said / this.#speakers.length);
    const talk = speaker?.talks[at % speaker.talks.length];
    if (speaker === undefined || talk === undefined) return;
    const answered = speaker.kept.device
      .say(talk.conversationId, `m ${crypto.randomUUID()}`)
      .then((outcome) => {
        this.#pending.delete(answered);
        if (outcome.kind === 'accepted') this.#count();
        else this.refused.push(outcome);
        this.#bell.ring();
      });
    this.#pending.add(answered);
  }
}
