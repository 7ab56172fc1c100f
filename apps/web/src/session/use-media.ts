import { useCallback, useSyncExternalStore } from 'react';

/** Whether a media query holds. The widths are those of the style sheets. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** One pane at a time: the list or a conversation. */
export const NARROW = '(max-width: 47.99rem)';
/** Room for the details beside a conversation. */
export const WIDE = '(min-width: 75rem)';
