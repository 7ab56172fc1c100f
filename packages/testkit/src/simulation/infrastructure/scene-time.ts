import type { DrivenClock } from '../../driven-clock.ts';
import { turn } from '../../schedule.ts';

const FINISH_MS_MAX = 60_000;

/** Lets time pass, and after each timer everything that follows of it. */
export async function advance(clock: DrivenClock, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  await turn();
  while (clock.fireNext(untilMs)) await turn();
}

/** Lets time pass until a promise is settled; throws where that takes more than a minute. */
export async function finish<T>(promise: Promise<T>, clock: DrivenClock): Promise<T> {
  const progress = { isSettled: false };
  promise.finally(() => (progress.isSettled = true)).catch(() => undefined);
  const untilMs = clock.nowMs() + FINISH_MS_MAX;
  await turn();
  while (!progress.isSettled && clock.fireNext(untilMs)) await turn();
  if (!progress.isSettled) throw new Error('it does not end');
  return await promise;
}
