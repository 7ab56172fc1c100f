import type { CommitOutcome, CommitRequest, NewEvent } from '@confab/contracts';
import { DrivenClock } from '../../driven-clock.ts';
import { SeededRandom } from '../../seeded-random.ts';
import { advance, finish } from './scene-time.ts';
import { SimulatedRun } from './simulated-run.ts';
import { SimulatedStore, type StorePorts } from './simulated-store.ts';
import type { StoreWeather } from './store-weather.ts';

export const CONVERSATION = 'c';

/** What has become of a call so far: its answer, the code it was refused with, or `waits`. */
export interface Watched<Answer> {
  answer: Answer | 'waits' | 'refused';
  /** When, by the clock of the scene. */
  atMs: number;
}

/** A simulated store and the time in which it lives, for its tests. */
export class StoreScene {
  readonly clock = new DrivenClock(0);
  readonly store: SimulatedStore;

  constructor(seed: number, weather: Partial<StoreWeather> = {}) {
    const random = new SeededRandom(seed);
    this.store = new SimulatedStore({ clock: this.clock, random, bucketEvents: 1_000 });
    this.store.weather = { ...this.store.weather, ...weather };
  }

  run(runId: string): { readonly run: SimulatedRun; readonly ports: StorePorts } {
    const run = new SimulatedRun(runId, this.clock);
    return { run, ports: this.store.portsFor(run) };
  }

  async advance(ms: number): Promise<void> {
    await advance(this.clock, ms);
  }

  /** Lets time pass until a promise is settled, at most a minute. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    return await finish(promise, this.clock);
  }

  /** Resolves when so much time has passed. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.clock.after(ms, resolve));
  }

  watch<Answer>(promise: Promise<Answer>): Watched<Answer> {
    const watched: Watched<Answer> = { answer: 'waits', atMs: -1 };
    const note = (answer: Answer | 'refused'): void => {
      watched.answer = answer;
      watched.atMs = this.clock.nowMs();
    };
    promise.then(note, () => note('refused'));
    return watched;
  }

  commit({ log }: StorePorts, expectedHead: number, id: string): Watched<CommitOutcome> {
    return this.watch(log.commit(commitOf(expectedHead, id)));
  }

  /** The ids that stand in the log, in order. */
  async durable(): Promise<readonly string[]> {
    const all = { after: 0, before: null, limit: 10_000, bytesMax: Infinity, type: null };
    const events = await this.store.truth.log.read({ conversationId: CONVERSATION, ...all });
    return events.map(({ clientMessageId }) => clientMessageId);
  }
}

export function commitOf(expectedHead: number, clientMessageId: string): CommitRequest {
  const sequence = expectedHead + 1;
  const sentAt = '2026-01-02T03:04:05.678Z';
  const place = { sequence, ordinal: sequence, eventId: `${CONVERSATION}-${sequence}`, sentAt };
  const event: NewEvent = {
    ...place,
    conversationId: CONVERSATION,
    type: 'message_event',
    senderId: 'ann',
    clientMessageId,
    json: '{}',
    contentHash: clientMessageId,
  };
  const head = { ...place, preview: null };
  return {
    conversationId: CONVERSATION,
    expectedHead,
    events: [event],
    head,
    views: [],
    work: [],
  };
}
