import { slowestAnswerMs } from '../fleet/deliveries.ts';
import type { Recorded } from '../history-checker.ts';

export type Figures = Readonly<Record<string, number>>;

/** How much there was of everything in a history, and how long people had to wait. */
export function figuresOf(recorded: Recorded): { readonly counts: Figures; readonly measured: Figures } {
  const { attempts, logs, streams, unreadClaims } = recorded;
  const ended = (kind: string): number => attempts.filter(({ outcome }) => outcome.kind === kind).length;
  const counts = {
    attempts: attempts.length,
    acknowledged: ended('accepted'),
    refused: ended('refused'),
    unknown: ended('unknown'),
    connections: new Set(attempts.map(({ connection }) => connection)).size,
    conversations: logs.length,
    events: logs.reduce((sum, { events }) => sum + events.length, 0),
    streams: streams.length,
    deliveries: streams.reduce(
      (sum, { steps }) => sum + steps.filter(({ kind }) => kind === 'event').length,
      0,
    ),
    unreadClaims: unreadClaims.length,
  };
  return {
    counts,
    measured: { slowestAnswerMs: slowestAnswerMs(attempts), longestPauseMs: longestPauseMs(recorded) },
  };
}

/** The longest time in which messages waited for an answer and none came. */
function longestPauseMs({ attempts }: Recorded): number {
  const answers = attempts.flatMap(({ endedAtMs, outcome }) =>
    endedAtMs !== undefined && outcome.kind === 'accepted' ? [endedAtMs] : [],
  );
  const moments = [
    ...attempts.map(({ invokedAtMs }) => ({ atMs: invokedAtMs, waiting: 1 })),
    ...attempts.map(({ endedAtMs }) => ({ atMs: endedAtMs ?? Number.POSITIVE_INFINITY, waiting: -1 })),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const answered = new Set(answers);
  let waiting = 0;
  let fromMs = 0;
  let longestMs = 0;
  for (const { atMs, waiting: change } of moments) {
    if (atMs === Number.POSITIVE_INFINITY) break;
    if (waiting > 0 && change < 0 && answered.has(atMs)) longestMs = Math.max(longestMs, atMs - fromMs);
    if (waiting === 0 || (change < 0 && answered.has(atMs))) fromMs = atMs;
    waiting += change;
  }
  return Math.round(longestMs);
}
