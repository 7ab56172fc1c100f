import type { ConversationList } from '@confab/client';
import { useConversations } from '@confab/client/react';
import { useRef } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useToday } from '../../session/use-now.ts';
import { text } from '../../text.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Logo } from '../../ui/logo.tsx';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import { AccountMenu } from '../account/account-menu.tsx';
import type { ShellDialog } from '../shell/shell-dialog.ts';
import { FIND_KEYS } from '../shell/use-shortcuts.ts';
import styles from './conversation-list-view.module.css';
import { ConversationRow } from './conversation-row.tsx';
import { useRovingFocus } from './use-roving-focus.ts';

interface ConversationListViewProps {
  readonly openId: string | null;
  readonly onOpenDialog: (dialog: ShellDialog) => void;
}

/** The left column: who is logged in, finding, starting, and all conversations, newest activity first. */
export function ConversationListView({ openId, onOpenDialog }: ConversationListViewProps) {
  const list = useConversations();
  return (
    <nav aria-label={text.list.label} className={styles['nav']}>
      <header className={styles['bar']}>
        <AccountMenu onOpenDevices={() => onOpenDialog('devices')} />
        <span className={styles['grow']} />
        <IconButton
          data-testid="start-conversation"
          icon="pen"
          label={text.list.start}
          onPress={() => onOpenDialog('start')}
        />
      </header>
      <div className={styles['find']}>
        <button
          aria-label={text.list.findLabel}
          className={styles['finder']}
          onClick={() => onOpenDialog('switcher')}
          type="button"
        >
          <Icon name="search" size={17} />
          <span className={styles['grow']}>{text.list.find}</span>
          <kbd>{FIND_KEYS}</kbd>
        </button>
      </div>
      <div className={styles['list']} data-source={list.source} data-testid="conversation-list">
        <ListBody list={list} onStart={() => onOpenDialog('start')} openId={openId} />
      </div>
    </nav>
  );
}

interface ListBodyProps {
  readonly list: ConversationList;
  readonly openId: string | null;
  readonly onStart: () => void;
}

function ListBody({ list, openId, onStart }: ListBodyProps) {
  if (list.items.length === 0) {
    if (list.source === 'empty') return <ListSkeleton />;
    return (
      <EmptyState body={text.list.emptyBody} picture={<Logo size={44} />} title={text.list.empty}>
        <Button look="primary" onPress={onStart}>
          {text.list.emptyAction}
        </Button>
      </EmptyState>
    );
  }
  return <Rows items={list.items} openId={openId} />;
}

/** The rows; only those near the view exist. */
function Rows({ items, openId }: { items: ConversationList['items']; openId: string | null }) {
  const today = useToday();
  const handle = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const ids = items.map((item) => item.conversationId);
  const tabbableIndex = useRovingFocus({ ids, openId, handle, scroller });
  return (
    <div className={styles['scroller']} ref={scroller}>
      <Virtualizer
        as="ul"
        data={items}
        item="li"
        itemSize={70}
        keepMounted={tabbableIndex === -1 ? [] : [tabbableIndex]}
        ref={handle}
      >
        {(item, index) => (
          <ConversationRow
            conversation={item}
            isOpen={item.conversationId === openId}
            isTabbable={index === tabbableIndex}
            key={item.conversationId}
            today={today}
          />
        )}
      </Virtualizer>
    </div>
  );
}

/** The shape of what is coming, for the short time before anything is known. */
function ListSkeleton() {
  return (
    <div aria-busy="true" className={styles['skeleton']}>
      <VisuallyHidden>
        <output>{text.loading}</output>
      </VisuallyHidden>
      {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
        <div key={key}>
          <i />
          <b />
        </div>
      ))}
    </div>
  );
}
