import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { formatRoute, parseRoute, type Route } from './route.ts';

/** Where the app is and how it goes elsewhere. The browser's history in the app, memory in the gallery. */
export interface Navigation {
  readonly path: () => string;
  readonly push: (path: string) => void;
  readonly replace: (path: string) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The browser's own history, so that reload stays where it is and back goes back. */
export function browserNavigation(): Navigation {
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  return {
    path: () => location.pathname,
    push(path) {
      history.pushState(null, '', path);
      notify();
    },
    replace(path) {
      history.replaceState(null, '', path);
      notify();
    },
    subscribe(listener) {
      listeners.add(listener);
      addEventListener('popstate', listener);
      return () => {
        listeners.delete(listener);
        removeEventListener('popstate', listener);
      };
    },
  };
}

interface Router {
  readonly route: Route;
  readonly go: (route: Route) => void;
  /** The same without a new entry in the history. */
  readonly goInstead: (route: Route) => void;
}

const RouterContext = createContext<Router | null>(null);

export function RouterProvider({ navigation, children }: { navigation: Navigation; children: ReactNode }) {
  const path = useSyncExternalStore(navigation.subscribe, navigation.path);
  const router = useMemo<Router>(
    () => ({
      route: parseRoute(path),
      go(route) {
        const next = formatRoute(route);
        if (next !== navigation.path()) navigation.push(next);
      },
      goInstead: (route) => navigation.replace(formatRoute(route)),
    }),
    [navigation, path],
  );
  return <RouterContext value={router}>{children}</RouterContext>;
}

export function useRouter(): Router {
  const router = useContext(RouterContext);
  if (router === null) throw new Error('useRouter is called outside a RouterProvider');
  return router;
}
