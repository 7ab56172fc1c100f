import { type ReactNode, Suspense } from 'react';
import { ErrorBoundary } from './error-boundary.tsx';

/**
 * A part of the app that is fetched when it is first wanted, so that the first picture need not wait for it. Where it
 * cannot be fetched (the network is gone, the server was updated) only this part says so.
 */
export function LazyPart({ isWanted, children }: { isWanted: boolean; children: ReactNode }) {
  if (!isWanted) return null;
  return (
    <ErrorBoundary>
      <Suspense fallback={null}>{children}</Suspense>
    </ErrorBoundary>
  );
}
