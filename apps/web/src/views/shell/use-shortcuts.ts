import { useConversations } from '@confab/client/react';
import { useEffect, useEffectEvent } from 'react';
import { useRouter } from '../../routing/navigation.tsx';

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);
/** The keys of the switcher as this keyboard names them. */
export const FIND_KEYS = isApple ? '⌘K' : 'Ctrl K';

/**
 * The keys that work everywhere: Ctrl/Cmd-K finds, Alt with Up or Down goes to the next conversation, Escape leaves
 * the conversation for the list. Whoever handled a key before (a menu, a dialog, the details) prevents its default.
 */
export function useShortcuts({ onFind }: { onFind: () => void }): void {
  const { items } = useConversations();
  const { route, go } = useRouter();
  const openId = route.view === 'conversation' ? route.conversationId : null;
  const goBeside = (step: 1 | -1) => {
    const at = items.findIndex((item) => item.conversationId === openId);
    const next = items[Math.max(0, at + step)];
    if (next !== undefined) go({ view: 'conversation', conversationId: next.conversationId });
  };
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (isFindKey(event)) {
      event.preventDefault();
      onFind();
    } else if (isModalOpen()) {
      return;
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      goBeside(event.key === 'ArrowUp' ? -1 : 1);
    } else if (event.key === 'Escape' && openId !== null) {
      leaveTo(openId);
    }
  });
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function isFindKey(event: KeyboardEvent): boolean {
  const command = isApple ? event.metaKey : event.ctrlKey;
  return command && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k';
}

function isModalOpen(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
}

/** Puts the focus on the conversation's row; where the list is hidden, on the way back to it. */
function leaveTo(conversationId: string): void {
  const row = document.querySelector<HTMLElement>(`[data-conversation-id="${CSS.escape(conversationId)}"]`);
  if (row?.checkVisibility() === true) row.focus();
  else document.querySelector<HTMLElement>('[data-back]')?.focus();
}
