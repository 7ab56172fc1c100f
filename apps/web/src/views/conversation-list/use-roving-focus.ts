import { type FocusEvent, type KeyboardEvent, type RefObject, useState } from 'react';
import type { VListHandle } from 'virtua';

/**
 * One stop for Tab in the whole list, arrows inside it: fifty conversations must not be fifty presses away from what
 * comes after them. The stop is where the focus was last, else the open conversation, else the first.
 */
export function useRovingFocus(
  ids: readonly string[],
  openId: string | null,
  handle: RefObject<VListHandle | null>,
): { tabbableIndex: number; onKeyDown: (event: KeyboardEvent) => void; onFocus: (event: FocusEvent) => void } {
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const indexOf = (id: string | null) => (id === null ? -1 : ids.indexOf(id));
  const remembered = indexOf(focusedId);
  const fallback = Math.max(0, indexOf(openId));
  const tabbableIndex = remembered === -1 ? Math.min(fallback, ids.length - 1) : remembered;
  const focusAt = (index: number, list: HTMLElement) => {
    const id = ids[index];
    if (id === undefined) return;
    setFocusedId(id);
    handle.current?.scrollToIndex(index, { align: 'nearest' });
    // The row may have to be rendered first; the next frame has it.
    const focus = () => list.querySelector<HTMLElement>(`[data-conversation-id="${CSS.escape(id)}"]`)?.focus();
    focus();
    requestAnimationFrame(focus);
  };
  return {
    tabbableIndex,
    onKeyDown(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const target = targetOf(event.key, tabbableIndex, ids.length);
      if (target === null) return;
      event.preventDefault();
      focusAt(target, event.currentTarget as HTMLElement);
    },
    onFocus(event) {
      const id = (event.target as HTMLElement).dataset['conversationId'];
      if (id !== undefined) setFocusedId(id);
    },
  };
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
