/** A place in the app, as its address says it. */
export type Route =
  | { view: 'home' }
  | { view: 'register' }
  | { view: 'conversation'; conversationId: string };

const CONVERSATION = /^\/c\/([A-Za-z0-9_-]{1,40})\/?$/;

/** The route of a path; what is no place of ours is home. */
export function parseRoute(path: string): Route {
  const conversationId = CONVERSATION.exec(path)?.[1];
  if (conversationId !== undefined) return { view: 'conversation', conversationId };
  if (path === '/register') return { view: 'register' };
  return { view: 'home' };
}

/** The path of a route. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'home':
      return '/';
    case 'register':
      return '/register';
    case 'conversation':
      return `/c/${route.conversationId}`;
  }
}

export function sameRoute(a: Route, b: Route): boolean {
  return formatRoute(a) === formatRoute(b);
}
