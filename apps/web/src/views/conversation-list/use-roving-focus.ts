import { type RefObject, useEffect, useEffectEvent, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';

interface RovingOptions {
  readonly ids: readonly string[];
  readonly openId: string | null;
  readonly handle: RefObject<VirtualizerHandle | null>;
  readonly scroller: RefObject<HTMLElement | null>;
}

/**
 * One stop for Tab in the whole list, arrows inside it: fifty conversations must not be fifty presses away from what
 * comes after them. The stop is where the focus was last, else the open conversation, else the first; its index is
 * the answer.
 */
export function useRovingFocus({ ids, openId, handle, scroller }: RovingOptions): number {
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const indexOf = (id: string | null) => (id === null ? -1 : ids.indexOf(id));
  const remembered = indexOf(focusedId);
  const fallback = Math.max(0, indexOf(openId));
  const tabbable = remembered === -1 ? Math.min(fallback, ids.length - 1) : remembered;

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = targetOf(event.key, tabbable, ids.length);
    const id = target === null ? undefined : ids[target];
    if (target === null || id === undefined) return;
    event.preventDefault();
    setFocusedId(id);
    handle.current?.scrollToIndex(target, { align: 'nearest' });
    const selector = `[data-conversation-id="${CSS.escape(id)}"]`;
    const focus = () =>
      scroller.current?.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
    focus();
    // The row may have to be rendered first; the next frame has it.
    requestAnimationFrame(focus);
  });
  useEffect(() => {
    const list = scroller.current;
    const onFocus = ({ target }: FocusEvent) => {
      const id = target instanceof HTMLElement ? target.dataset['conversationId'] : undefined;
      if (id !== undefined) setFocusedId(id);
    };
    list?.addEventListener('keydown', onKey);
    list?.addEventListener('focusin', onFocus);
    return () => {
      list?.removeEventListener('keydown', onKey);
      list?.removeEventListener('focusin', onFocus);
    };
  }, [scroller]);
  return tabbable;
}

const PAGE = 8;

function targetOf(key: string, at: number, length: number): number | null {
  const clamp = (index: number) => Math.min(length - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowDown':
      return clamp(at + 1);
    case 'ArrowUp':
      return clamp(at - 1);
    case 'PageDown':
      return clamp(at + PAGE);
    case 'PageUp':
      return clamp(at - PAGE);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}
