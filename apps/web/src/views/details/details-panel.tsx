import type { ConversationView } from '@confab/client';
import { useClient } from '@confab/client/react';
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import { conversationAvatarId, conversationName } from '../../model/conversation-label.ts';
import { rightsOf } from '../../model/permissions.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/dialog.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './details-panel.module.css';
import { MemberListView } from './member-list-view.tsx';
import { RenameForm } from './rename-form.tsx';

interface DetailsPanelProps {
  readonly conversation: ConversationView;
  readonly onClose: () => void;
}

/** Who is in a conversation and what may be changed about it. Beside the talk where there is room, else over it. */
export function DetailsPanel({ conversation, onClose }: DetailsPanelProps) {
  const panel = useRef<HTMLElement>(null);
  const [isRenaming, setRenaming] = useState(false);
  const { conversationId, type } = conversation;
  const name = conversationName(conversation);
  const username = conversation.peer?.username ?? null;
  const rights = rightsOf(conversation);
  useEffect(() => panel.current?.focus(), []);
  useEscape(panel, onClose);
  return (
    <aside
      aria-label={text.details.title}
      className={styles['panel']}
      data-testid="details"
      ref={panel}
      tabIndex={-1}
    >
      <header className={styles['bar']}>
        <h2>{text.details.title}</h2>
        <IconButton icon="close" label={text.conversation.hideDetails} onPress={onClose} />
      </header>
      <div className={styles['body']}>
        <div className={styles['who']}>
          <Avatar
            id={conversationAvatarId(conversation)}
            name={name}
            shape={type === 'group' ? 'group' : 'person'}
            size="l"
          />
          {isRenaming ? (
            <RenameForm conversation={conversation} onDone={() => setRenaming(false)} />
          ) : (
            <p className={styles['name']}>{name}</p>
          )}
          {type === 'direct' && username !== null && <p className={styles['username']}>@{username}</p>}
          {rights.mayRename && !isRenaming && (
            <Button icon="pen" look="quiet" onPress={() => setRenaming(true)} small>
              {text.details.rename}
            </Button>
          )}
        </div>
        {type === 'group' && <MemberListView conversation={conversation} />}
        {rights.mayLeave && <LeaveButton conversationId={conversationId} />}
      </div>
    </aside>
  );
}

/** Escape closes from anywhere inside, unless somebody inside had a use for it. */
function useEscape(panel: RefObject<HTMLElement | null>, onEscape: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    onEscape();
  });
  useEffect(() => {
    const element = panel.current;
    element?.addEventListener('keydown', onKey);
    return () => element?.removeEventListener('keydown', onKey);
  }, [panel]);
}

function LeaveButton({ conversationId }: { conversationId: string }) {
  const { conversations } = useClient();
  const { goInstead } = useRouter();
  const { isPending, run } = useAction();
  const [asks, setAsks] = useState(false);
  const leave = async () => {
    await conversations.leave(conversationId);
    goInstead({ view: 'home' });
  };
  return (
    <div className={styles['leave']}>
      <Button icon="leave" look="quiet" onPress={() => setAsks(true)} wide>
        {text.details.leave}
      </Button>
      <ConfirmDialog
        action={text.details.leave}
        body={text.details.leaveBody}
        isOpen={asks}
        isPending={isPending}
        onClose={() => setAsks(false)}
        onConfirm={() => void run(leave).then((left) => left || setAsks(false))}
        title={text.details.leaveTitle}
      />
    </div>
  );
}
