import type { TimelineView } from '@confab/client';
import { useEffect, useState } from 'react';
import { isOthersMessage } from '../../model/timeline-rows.ts';

/**
 * Where the "new" line stands: behind what was read when the reader came, or when they looked away. It stays while
 * they read, or it would slip away under their eyes, and goes when they answer.
 */
export function useUnreadLine(view: TimelineView, isReading: boolean): number | null {
  const newest = newestOthersSequence(view);
  const [after, setAfter] = useState<number | null>(null);
  const [wasReading, setWasReading] = useState(false);
  const hasNews = newest > view.readSequence;
  const last = view.items.at(-1);
  const answered = last?.kind === 'message' && last.own && !hasNews;

  // Set while rendering, so that the line is there in the same picture as the messages behind it.
  if (after === null && hasNews && !isReading) setAfter(view.readSequence);
  else if (after === null && hasNews && !wasReading) setAfter(view.readSequence);
  useEffect(() => setWasReading(isReading), [isReading]);
  useEffect(() => {
    if (answered) setAfter(null);
  }, [answered]);
  useEffect(() => {
    // Looked away with everything read: what comes now begins a new line.
    if (!isReading && !hasNews) setAfter(null);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isReading]);
  return after;
}

function newestOthersSequence({ items }: TimelineView): number {
  for (let index = items.length - 1; index >= 0; index--) {
    const item = items[index];
    if (item !== undefined && isOthersMessage(item)) return item.sequence ?? 0;
  }
  return 0;
}
