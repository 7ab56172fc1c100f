import type { TimelineView } from '@confab/client';
import { useEffect, useState } from 'react';
import { isOthersMessage } from '../../model/timeline-rows.ts';

/**
 * Where the "new" line stands: behind what was read when the reader came, or when they looked away. It stays while
 * they read, or it would slip away under their eyes, and goes when they answer.
 */
export function useUnreadLine(view: TimelineView, isReading: boolean): number | null {
  const [after, setAfter] = useState<number | null>(null);
  // Until the timeline was current once, what comes is what was missed, however attentive the reader is.
  const [wasCurrent, setWasCurrent] = useState(false);
  const hasNews = newestOthersSequence(view) > view.readSequence;
  const last = view.items.at(-1);
  const answered = last?.kind === 'message' && last.own && !hasNews;

  // Set while rendering, so that the line is there in the same picture as the messages behind it.
  if (after === null && hasNews && (!isReading || !wasCurrent)) setAfter(view.readSequence);
  useEffect(() => {
    if (view.status === 'current') setWasCurrent(true);
  }, [view.status]);
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
