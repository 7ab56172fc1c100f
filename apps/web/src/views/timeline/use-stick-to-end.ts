import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';

/** Closer to the end than this is at the end. */
const END_PIXELS = 64;
/** The rows around a place that was gone to are measured within this time; before, their heights are guesses. */
const PLACING_MS = 200;

interface StickOptions {
  readonly handle: RefObject<VirtualizerHandle | null>;
  readonly scroller: RefObject<HTMLElement | null>;
  readonly rowCount: number;
  /** Changes when the reader sent something: then the end is where they want to be. */
  readonly ownSendKey: string | null;
  readonly setAtEnd: (isAtEnd: boolean) => void;
}

/**
 * Keeps a reader who is at the end at the end, whatever grows, and leaves everybody else alone. Only a movement
 * upward that does not come from a changed height lets go: heights settle while rows are measured, and a reader must
 * not lose the end to that.
 */
export function useStickToEnd({ handle, scroller, rowCount, ownSendKey, setAtEnd }: StickOptions) {
  const sticks = useRef(true);
  const last = useRef({ offset: 0, size: 0, viewport: 0 });
  const isPlacing = useRef(false);
  /** Counts the places gone to; 0 while none is being taken. */
  const [placing, setPlacing] = useState(0);

  const toEnd = () => {
    sticks.current = true;
    if (rowCount > 0) handle.current?.scrollToIndex(rowCount - 1, { align: 'end' });
  };
  const onScroll = () => {
    if (scroller.current === null || isPlacing.current) return;
    // Read from the page itself: the list hears of a new height only after the scroll event that it causes.
    const { scrollTop: offset, scrollHeight: size, clientHeight: viewport } = scroller.current;
    const atEnd = size - offset - viewport < END_PIXELS;
    const before = last.current;
    // A smaller content or another viewport moves the offset too: that was nobody's hand.
    const movedUp = offset < before.offset - 1 && size >= before.size && viewport === before.viewport;
    if (atEnd) sticks.current = true;
    else if (movedUp) sticks.current = false;
    last.current = { offset, size, viewport };
    setAtEnd(atEnd || sticks.current);
  };

  useEffect(() => {
    if (placing === 0) return undefined;
    const timer = setTimeout(() => {
      isPlacing.current = false;
      onScroll();
      setPlacing(0);
    }, PLACING_MS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [placing]);
  useLayoutEffect(() => {
    if (sticks.current) toEnd();
    // What the end is follows from the number of rows; the functions are new in every rendering.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [rowCount]);
  useLayoutEffect(() => {
    if (ownSendKey !== null) toEnd();
    // oxlint-disable-next-line react/exhaustive-deps
  }, [ownSendKey]);

  return {
    toEnd,
    onScroll,
    /** False while a place is being taken: what is on the screen is not known then. */
    isPlaced: placing === 0,
    /** Rows or the view changed their height: the end is somewhere else now. */
    onResize: () => {
      if (sticks.current) toEnd();
    },
    /** Goes to a row and stays there; where everything fits on the screen, that is the end all the same. */
    toRow: (index: number) => {
      sticks.current = false;
      handle.current?.scrollToIndex(index, { align: 'start', offset: -48 });
      isPlacing.current = true;
      setPlacing((before) => before + 1);
    },
  };
}
