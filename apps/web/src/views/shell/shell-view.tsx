import { useConversation, useConversations } from '@confab/client/react';
import { lazy, useEffect, useState } from 'react';
import { conversationName, pageTitle } from '../../model/conversation-label.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { text } from '../../text.ts';
import { classNames } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorBoundary } from '../../ui/error-boundary.tsx';
import { Logo } from '../../ui/logo.tsx';
import { ConnectionBanner } from '../connection/connection-banner.tsx';
import { ConversationListView } from '../conversation-list/conversation-list-view.tsx';
import { ConversationView } from '../conversation/conversation-view.tsx';
import type { ShellDialog } from './shell-dialog.ts';
import styles from './shell-view.module.css';
import { FIND_KEYS, useShortcuts } from './use-shortcuts.ts';

const StartDialog = lazy(async () => ({ default: (await import('../start/start-dialog.tsx')).StartDialog }));
const SwitcherDialog = lazy(async () => ({ default: (await import('../switcher/switcher-dialog.tsx')).SwitcherDialog }));
const DevicesDialog = lazy(async () => ({ default: (await import('../devices/devices-dialog.tsx')).DevicesDialog }));

/** The frame of the app: the list beside a conversation; on a narrow page one of the two. */
export function ShellView() {
  const { route } = useRouter();
  const [dialog, setDialog] = useState<ShellDialog | null>(null);
  const close = () => setDialog(null);
  const openId = route.view === 'conversation' ? route.conversationId : null;
  usePageTitle(openId);
  useShortcuts({ onFind: () => setDialog('switcher') });
  return (
    <div className={classNames(styles['shell'], openId !== null && styles['open'])}>
      <div className={styles['side']}>
        <ConnectionBanner />
        <ErrorBoundary>
          <ConversationListView onOpenDialog={setDialog} openId={openId} />
        </ErrorBoundary>
      </div>
      <main className={styles['main']} id="main">
        {openId === null ? (
          <EmptyState
            body={text.conversation.chooseBody(FIND_KEYS)}
            picture={<Logo size={56} />}
            title={text.conversation.choose}
          />
        ) : (
          <ErrorBoundary resetKey={openId}>
            <ConversationView conversationId={openId} key={openId} />
          </ErrorBoundary>
        )}
      </main>
      <StartDialog isOpen={dialog === 'start'} onClose={close} />
      <SwitcherDialog isOpen={dialog === 'switcher'} onClose={close} />
      <DevicesDialog isOpen={dialog === 'devices'} onClose={close} />
    </div>
  );
}

function usePageTitle(openId: string | null): void {
  const { unread } = useConversations();
  const open = useConversation(openId ?? '');
  const title = pageTitle(unread, open === null ? null : conversationName(open));
  useEffect(() => {
    document.title = title;
  }, [title]);
}
