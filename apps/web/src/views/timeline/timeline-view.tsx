import type { ConversationView, Timeline, TimelineView as View } from '@confab/client';
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { conversationName } from '../../model/conversation-label.ts';
import {
  changesAtStart,
  sequenceThrough,
  type TimelineRow,
  timelineRows,
} from '../../model/timeline-rows.ts';
import { useAttention } from '../../session/use-attention.ts';
import { useToday } from '../../session/use-now.ts';
import { text } from '../../text.ts';
import { JumpButtons } from './jump-buttons.tsx';
import { MessageRow } from './message-row.tsx';
import { SystemRow } from './system-row.tsx';
import { DayLine, TopLine, UnreadLine } from './timeline-lines.tsx';
import styles from './timeline-view.module.css';
import { useStickToEnd } from './use-stick-to-end.ts';
import { useUnreadLine } from './use-unread-line.ts';

/** Older messages are asked for this long before the reader reaches the top. */
const LOAD_AHEAD_PIXELS = 1_500;

interface TimelineViewProps {
  readonly conversation: ConversationView;
  readonly view: View;
  readonly timeline: Timeline;
}

/** What was said, from old to new. Only the rows near the view exist; the reader's place holds when rows come above. */
export function TimelineView({ conversation, view, timeline }: TimelineViewProps) {
  const handle = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLElement>(null);
  const today = useToday();
  const hasAttention = useAttention();
  const [isAtEnd, setAtEnd] = useState(true);
  const unreadAfter = useUnreadLine(view, hasAttention && isAtEnd);
  const { items, hasOlder } = view;
  const rows = useMemo(() => timelineRows(items, { hasOlder, unreadAfter }), [items, hasOlder, unreadAfter]);
  const shift = useShift(rows);
  const last = items.at(-1);
  const ownSendKey = last?.kind === 'message' && last.own ? last.key : null;
  const stick = useStickToEnd({ handle, scroller, rowCount: rows.length, ownSendKey, setAtEnd });

  const unreadIndex = rows.findIndex((row) => row.kind === 'unread');
  useOpeningPlace(view, unreadIndex, stick.toRow);
  const noteSeen = useReadMarks({ handle, rows, timeline, isLooking: hasAttention && stick.isPlaced, view });
  const loadAhead = () => {
    const offset = handle.current?.scrollOffset ?? 0;
    if (offset < LOAD_AHEAD_PIXELS && hasOlder && !view.isLoadingOlder && view.error === null)
      void timeline.loadOlder();
  };
  useEffect(loadAhead);
  useEffect(() => () => timeline.releaseOlder(), [timeline]);

  const name = conversationName(conversation);
  const isGroup = conversation.type === 'group';
  return (
    <div className={styles['frame']}>
      {/* A log that is read out by LiveAnnouncer, not by itself: see there. Focusable, so that keys can scroll it. */}
      <section
        aria-busy={view.status === 'loading'}
        aria-label={isGroup ? text.timeline.groupLabel(name) : text.timeline.label(name)}
        aria-live="off"
        className={styles['scroller']}
        data-status={view.status}
        data-testid="timeline"
        ref={scroller}
        role="log"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
      >
        <div className={styles['spacer']} />
        <Virtualizer
          bufferSize={600}
          onResize={stick.onResize}
          onScroll={() => {
            stick.onScroll();
            loadAhead();
            noteSeen();
          }}
          ref={handle}
          shift={shift}
        >
          {rows.map((row) => (
            <Row
              conversation={conversation}
              isEmpty={items.length <= 1}
              key={row.key}
              row={row}
              timeline={timeline}
              today={today}
              view={view}
            />
          ))}
        </Virtualizer>
      </section>
      <JumpButtons
        hasUnreadAbove={unreadAfter !== null && unreadIndex === -1 && hasOlder}
        isAtEnd={isAtEnd}
        onJump={stick.toEnd}
        timeline={timeline}
        unread={conversation.unread}
        view={view}
      />
    </div>
  );
}

interface RowProps {
  readonly row: TimelineRow;
  readonly conversation: ConversationView;
  readonly timeline: Timeline;
  readonly view: View;
  readonly isEmpty: boolean;
  readonly today: Date;
}

function Row({ row, conversation, timeline, view, isEmpty, today }: RowProps) {
  switch (row.kind) {
    case 'top':
      return <TopLine conversation={conversation} isEmpty={isEmpty} timeline={timeline} view={view} />;
    case 'day':
      return <DayLine at={row.at} today={today} />;
    case 'unread':
      return <UnreadLine />;
    case 'system':
      return <SystemRow item={row.item} />;
    case 'message':
      return (
        <MessageRow
          endsRun={row.endsRun}
          item={row.item}
          showsSender={conversation.type === 'group'}
          startsRun={row.startsRun}
          timeline={timeline}
        />
      );
  }
}

/** Whether the last change of the rows was one above what was there: the list then holds on to its end. */
function useShift(rows: readonly TimelineRow[]): boolean {
  const [seen, setSeen] = useState({ rows, shift: false });
  if (seen.rows === rows) return seen.shift;
  const shift = changesAtStart(seen.rows, rows);
  setSeen({ rows, shift });
  return shift;
}

/** Opens at the first new message, or at the end where nothing is new. Later news move nobody. */
function useOpeningPlace(view: View, unreadIndex: number, toRow: (index: number) => void): void {
  const isSettled = useRef(false);
  useLayoutEffect(() => {
    if (isSettled.current) return;
    if (unreadIndex !== -1) toRow(unreadIndex);
    if (view.status === 'current' && view.items.length > 0) isSettled.current = true;
    // oxlint-disable-next-line react/exhaustive-deps
  }, [view, unreadIndex]);
}

interface ReadMarksOptions {
  readonly handle: RefObject<VirtualizerHandle | null>;
  readonly rows: readonly TimelineRow[];
  readonly timeline: Timeline;
  /** Somebody looks, and at rows that stand where they will stay. */
  readonly isLooking: boolean;
  readonly view: View;
}

/** Tells the SDK what was on the screen of somebody who looked. */
function useReadMarks({ handle, rows, timeline, isLooking, view }: ReadMarksOptions): () => void {
  const noteSeen = () => {
    const list = handle.current;
    if (!isLooking || list === null || rows.length < 2) return;
    const end = list.findItemIndex(list.scrollOffset + list.viewportSize - 1) + 1;
    const seen = sequenceThrough(rows, end);
    if (seen > view.readSequence) timeline.markRead(seen);
  };
  useEffect(() => {
    // The list scrolls to its place after it was drawn; what is on the screen is known in the next frame.
    const frame = requestAnimationFrame(noteSeen);
    return () => cancelAnimationFrame(frame);
  });
  return noteSeen;
}
