import type { Unsubscribe } from '../observable.ts';

/** What the platform around the SDK tells: whether there is a network and whether somebody looks. */
export interface PageWatch {
  readonly isOnline: () => boolean;
  readonly isVisible: () => boolean;
  readonly listen: (events: {
    readonly networkLost: () => void;
    readonly networkFound: () => void;
    readonly shown: () => void;
    readonly hidden: () => void;
  }) => Unsubscribe;
}

/** The page, in browsers; elsewhere a platform that is always online and looked at. */
export function pageWatch(): PageWatch {
  const target = typeof window === 'undefined' ? null : window;
  const page = typeof document === 'undefined' ? null : document;
  return {
    isOnline: () => target === null || target.navigator.onLine,
    isVisible: () => page === null || page.visibilityState === 'visible',
    listen(events) {
      const changed = (): void => (page?.visibilityState === 'visible' ? events.shown() : events.hidden());
      target?.addEventListener('offline', events.networkLost);
      target?.addEventListener('online', events.networkFound);
      target?.addEventListener('pagehide', events.hidden);
      page?.addEventListener('visibilitychange', changed);
      return () => {
        target?.removeEventListener('offline', events.networkLost);
        target?.removeEventListener('online', events.networkFound);
        target?.removeEventListener('pagehide', events.hidden);
        page?.removeEventListener('visibilitychange', changed);
      };
    },
  };
}
