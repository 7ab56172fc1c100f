import { text } from '../text.ts';

/**
 * Times as people read them, in the browser's locale and zone. `now` is given, so that "today" can be tested and so
 * that all rows of one rendering agree about it.
 */
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Days since some fixed day, by the local calendar: two times of one local day have the same number. */
export function localDay(time: Date): number {
  return Math.round(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / (24 * HOUR_MS));
}

/** The time of day. */
export function formatClock(at: string): string {
  return clock.format(new Date(at));
}

/** Everything, for a tooltip. */
export function formatFull(at: string): string {
  return full.format(new Date(at));
}

/** When something in a list happened, as short as is still clear. */
export function formatListTime(at: string, now: Date): string {
  const time = new Date(at);
  const daysAgo = localDay(now) - localDay(time);
  if (daysAgo <= 0) return clock.format(time);
  if (daysAgo === 1) return text.timeline.yesterday;
  if (daysAgo < 7) return weekday.format(time);
  return time.getFullYear() === now.getFullYear() ? dayMonth.format(time) : shortDate.format(time);
}

/** The words on a line between two days. */
export function formatDay(at: string, now: Date): string {
  const time = new Date(at);
  const daysAgo = localDay(now) - localDay(time);
  if (daysAgo === 0) return text.timeline.today;
  if (daysAgo === 1) return text.timeline.yesterday;
  return time.getFullYear() === now.getFullYear() ? longDay.format(time) : longDate.format(time);
}

/** How long ago: "5 minutes ago", "yesterday"; beyond a month the date. */
export function formatAgo(at: string, now: Date): string {
  const time = new Date(at);
  const ms = now.getTime() - time.getTime();
  if (ms < HOUR_MS) return relative.format(-Math.max(0, Math.floor(ms / MINUTE_MS)), 'minute');
  const daysAgo = localDay(now) - localDay(time);
  if (daysAgo === 0) return relative.format(-Math.floor(ms / HOUR_MS), 'hour');
  return daysAgo < 30 ? relative.format(-daysAgo, 'day') : longDate.format(time);
}
