import { useConversation, useConversations } from '@confab/client/react';
import { useEffect, useState } from 'react';
import { conversationName, pageTitle } from '../../model/conversation-label.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { NARROW, useMedia } from '../../session/use-media.ts';
import { text } from '../../text.ts';
import { classNames } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorBoundary } from '../../ui/error-boundary.tsx';
import { Logo } from '../../ui/logo.tsx';
import { ConnectionBanner } from '../connection/connection-banner.tsx';
import { ConversationListView } from '../conversation-list/conversation-list-view.tsx';
import { ConversationView } from '../conversation/conversation-view.tsx';
import { DialogHost } from './dialog-host.tsx';
import type { ShellDialog } from './shell-dialog.ts';
import styles from './shell-view.module.css';
import { FIND_KEYS, useShortcuts } from './use-shortcuts.ts';

/** The frame of the app: the list beside a conversation; on a narrow page one of the two. */
export function ShellView() {
  const { route } = useRouter();
  const isNarrow = useMedia(NARROW);
  const [dialog, setDialog] = useState<ShellDialog | null>(null);
  const openId = route.view === 'conversation' ? route.conversationId : null;
  usePageTitle(openId);
  useShortcuts({ onFind: () => setDialog('switcher') });
  const { items, source } = useConversations();
  const hasNone = items.length === 0 && source !== 'empty';
  return (
    <div className={classNames(styles['shell'], openId !== null && styles['open'])}>
      {/* A list that is the whole page is its main content; another element would lose the list's place. */}
      <div className={styles['side']} role={isNarrow && openId === null ? 'main' : undefined}>
        <ConnectionBanner />
        <ErrorBoundary>
          <ConversationListView onOpenDialog={setDialog} openId={openId} />
        </ErrorBoundary>
      </div>
      <main className={styles['main']} id="main">
        {openId === null ? (
          <NothingOpen hasNone={hasNone} />
        ) : (
          <ErrorBoundary resetKey={openId}>
            <ConversationView conversationId={openId} key={openId} />
          </ErrorBoundary>
        )}
      </main>
      <DialogHost onClose={() => setDialog(null)} open={dialog} />
    </div>
  );
}

function NothingOpen({ hasNone }: { hasNone: boolean }) {
  const { choose, chooseBody, none, noneBody } = text.conversation;
  // Where there are none, the list has the picture and the button.
  if (hasNone) return <EmptyState body={noneBody(FIND_KEYS)} title={none} />;
  return <EmptyState body={chooseBody(FIND_KEYS)} picture={<Logo size={56} />} title={choose} />;
}

function usePageTitle(openId: string | null): void {
  const { unread } = useConversations();
  const open = useConversation(openId ?? '');
  const title = pageTitle(unread, open === null ? null : conversationName(open));
  useEffect(() => {
    document.title = title;
  }, [title]);
}
