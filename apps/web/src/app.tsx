import type { ChatClient } from '@confab/client';
import { ClientProvider, useSession } from '@confab/client/react';
import { I18nProvider } from 'react-aria-components';
import { type Navigation, RouterProvider } from './routing/navigation.tsx';
import { DraftsProvider } from './session/drafts-context.tsx';
import { ErrorBoundary } from './ui/error-boundary.tsx';
import { NoticesProvider } from './ui/notices.tsx';
import { ShellView } from './views/shell/shell-view.tsx';
import { SignInView } from './views/sign-in/sign-in-view.tsx';

/** The language of src/text.ts, and of the words React Aria adds; vite.config.ts leaves the others out. */
const LANGUAGE = 'en-US';

interface AppProps {
  readonly client: ChatClient;
  readonly navigation: Navigation;
}

/** The whole app over one client. The gallery renders it over an invented one. */
export function App({ client, navigation }: AppProps) {
  return (
    <I18nProvider locale={LANGUAGE}>
      <ErrorBoundary>
        <ClientProvider client={client}>
          <RouterProvider navigation={navigation}>
            <NoticesProvider>
              <Entrance />
            </NoticesProvider>
          </RouterProvider>
        </ClientProvider>
      </ErrorBoundary>
    </I18nProvider>
  );
}

/** Whoever is logged in gets the app; others the way in. Another user starts with nothing of the one before. */
function Entrance() {
  const session = useSession();
  switch (session.kind) {
    case 'loading':
      return null;
    case 'signed_out':
      return <SignInView reason={session.reason} />;
    case 'signed_in':
      return (
        <DraftsProvider key={session.userId} userId={session.userId}>
          <ShellView />
        </DraftsProvider>
      );
  }
}
