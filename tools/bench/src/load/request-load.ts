import { HttpLane } from './http-lane.ts';
import { LatencyRecorder, type Recorded } from './latency-recorder.ts';
import { nowUs } from './now.ts';
import { Pace } from './pace.ts';
import { type Expectation, mistakeInMessages, readList } from './read-answer.ts';

const US = 1_000;
const MISTAKES_KEPT = 20;
/** Parsing an answer takes longer than asking: one in so many is, the others are looked at for what must stand in them. */
const PARSED_EVERY = 16;

/** One thing to ask for, and what has to come back. A list is asked for page by page, to its end. */
export type RequestPlan = {
  readonly path: string;
  readonly token: string;
  readonly expected: Expectation;
};

/** Whom to ask over how many connections, and for what: any of `requests` is drawn each time. */
export type RequestLoadPlan = {
  readonly url: string;
  readonly lanes: number;
  readonly requests: readonly RequestPlan[];
};

/** `perSecond` null: every connection asks again once it was answered. Else requests fall due at that rate. */
export type RequestPace = { readonly perSecond: number | null; readonly forMs: number };

/** What came of it. */
export type RequestOutcome = {
  readonly answered: number;
  readonly latency: Recorded;
  /** Of this process. */
  readonly processorUs: number;
  /** Answers that were not what was expected, the first ones. */
  readonly mistakes: readonly string[];
};

/** Asks over HTTP, and looks at every answer. */
export class RequestLoad {
  readonly #plan: RequestLoadPlan;
  #lanes: readonly HttpLane[] = [];
  #mistakes: string[] = [];
  #answered = 0;
  #asked = 0;
  #recorder = new LatencyRecorder(0, 1);

  constructor(plan: RequestLoadPlan) {
    this.#plan = plan;
  }

  async open(): Promise<void> {
    const { url, lanes } = this.#plan;
    this.#lanes = await Promise.all(Array.from({ length: lanes }, () => HttpLane.open(url)));
  }

  /** Asks for a time, and waits for the answers to what was asked. */
  async ask({ perSecond, forMs }: RequestPace): Promise<RequestOutcome> {
    const fromUs = nowUs();
    const endUs = fromUs + forMs * US;
    const usedBefore = process.cpuUsage();
    this.#recorder = new LatencyRecorder(fromUs, forMs);
    this.#mistakes = [];
    this.#answered = 0;
    if (perSecond === null) await Promise.all(this.#lanes.map((lane) => this.#askOnAndOn(lane, endUs)));
    else await this.#askAtRate(perSecond, endUs);
    const { user, system } = process.cpuUsage(usedBefore);
    return {
      answered: this.#answered,
      latency: this.#recorder.recorded(),
      processorUs: user + system,
      mistakes: this.#mistakes,
    };
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes) lane.close();
  }

  async #askOnAndOn(lane: HttpLane, endUs: number): Promise<void> {
    for (let meantUs = nowUs(); meantUs < endUs; meantUs = nowUs()) await this.#ask(lane, meantUs);
  }

  /** A request that no connection is free for waits, and the time that it waits counts; at the end, so far. */
  async #askAtRate(perSecond: number, endUs: number): Promise<void> {
    let due: number[] = [];
    const free = [...this.#lanes];
    const busy = new Set<Promise<void>>();
    const serve = async (lane: HttpLane): Promise<void> => {
      for (let meantUs = due.shift(); meantUs !== undefined; meantUs = due.shift())
        await this.#ask(lane, meantUs);
      free.push(lane);
    };
    const pace = new Pace(perSecond, 1, (meantUs) => {
      due.push(meantUs);
      const lane = free.pop();
      if (lane === undefined) return;
      const serving = serve(lane);
      busy.add(serving);
      void serving.finally(() => busy.delete(serving));
    });
    await Bun.sleep((endUs - nowUs()) / US);
    pace.stop();
    const unasked = due;
    due = [];
    for (const meantUs of unasked) this.#recorder.record(meantUs, nowUs());
    await Promise.all(busy);
  }

  async #ask(lane: HttpLane, meantUs: number): Promise<void> {
    const { requests } = this.#plan;
    const request = requests[Math.floor(Math.random() * requests.length)];
    if (request === undefined) throw new Error('nothing to ask for');
    const mistake = await this.#mistakeIn(lane, request);
    if (mistake !== null && this.#mistakes.length < MISTAKES_KEPT)
      this.#mistakes.push(`${request.path}: ${mistake}`);
    this.#recorder.record(meantUs, nowUs());
    this.#answered += 1;
  }

  /** What is wrong with what came back; null where nothing is. */
  async #mistakeIn(lane: HttpLane, { path, token, expected }: RequestPlan): Promise<string | null> {
    if (expected.kind === 'messages') {
      this.#asked += 1;
      const isParsed = this.#asked % PARSED_EVERY === 0;
      return mistakeInMessages(await lane.get(path, token), expected, isParsed);
    }
    let page = readList(await lane.get(path, token));
    let { conversations, unread } = page;
    while (page.next !== null && expected.pages === 'all') {
      page = readList(await lane.get(`${path}&cursor=${encodeURIComponent(page.next)}`, token));
      conversations += page.conversations;
      unread += page.unread;
    }
    const isWhole = conversations === expected.conversations && unread === expected.unread;
    return isWhole ? null : `${conversations} conversations with ${unread} unread`;
  }
}
