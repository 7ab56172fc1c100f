import type { ConversationView } from '@confab/client';
import { useUser } from '@confab/client/react';
import { memo, type MouseEvent } from 'react';
import { badgeText, conversationAvatarId, conversationName } from '../../model/conversation-label.ts';
import { formatFull, formatListTime } from '../../model/format-time.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { formatRoute } from '../../routing/route.ts';
import { useDraft } from '../../session/drafts-context.tsx';
import { useName, useOwnId } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import styles from './conversation-row.module.css';

interface ConversationRowProps {
  readonly conversation: ConversationView;
  readonly isOpen: boolean;
  readonly isTabbable: boolean;
  readonly today: Date;
}

/** One conversation in the list: a link, so that it can be opened in a tab of its own. */
export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { conversation, isOpen, isTabbable, today } = props;
  const { conversationId, unread, mentions, type, lastActivityAt } = conversation;
  const { go } = useRouter();
  const name = conversationName(conversation);
  const route = { view: 'conversation', conversationId } as const;
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(route);
  };
  return (
    <a
      aria-current={isOpen ? 'page' : undefined}
      className={styles['row']}
      data-conversation-id={conversationId}
      data-testid="conversation-row"
      data-unread={unread}
      draggable={false}
      href={formatRoute(route)}
      onClick={follow}
      tabIndex={isTabbable ? 0 : -1}
    >
      <Avatar
        id={conversationAvatarId(conversation)}
        name={name}
        shape={type === 'group' ? 'group' : 'person'}
      />
      <span className={styles['words']}>
        <span className={styles['line']}>
          <span className={styles['name']} data-testid="conversation-name">
            {name}
          </span>
          <time className={styles['time']} dateTime={lastActivityAt} title={formatFull(lastActivityAt)}>
            {formatListTime(lastActivityAt, today)}
          </time>
        </span>
        <span className={styles['line']}>
          <span className={styles['preview']}>
            <RowPreview conversation={conversation} isOpen={isOpen} />
          </span>
          {mentions > 0 && (
            <span className={styles['mention']} data-testid="mention-marker">
              <span aria-hidden="true">@</span>
              <VisuallyHidden>{text.list.mentions(mentions)}</VisuallyHidden>
            </span>
          )}
          {unread > 0 && (
            <span className={styles['badge']} data-testid="unread-badge">
              <span aria-hidden="true">{badgeText(unread)}</span>
              <VisuallyHidden>{text.list.unread(unread)}</VisuallyHidden>
            </span>
          )}
        </span>
      </span>
    </a>
  );
});

/** The second line: who is typing, else what you left half-written, else the newest message. */
function RowPreview({ conversation, isOpen }: { conversation: ConversationView; isOpen: boolean }) {
  const { conversationId, preview, typing, type } = conversation;
  const draft = useDraft(conversationId);
  const ownId = useOwnId();
  const [typist] = typing;
  if (typist !== undefined) {
    return (
      <span className={styles['typing']}>
        {type === 'direct' ? text.typing.short : <TypistName userId={typist} />}
      </span>
    );
  }
  if (draft !== '' && !isOpen) {
    return (
      <>
        <span className={styles['draft']}>{text.list.draft}</span> {draft}
      </>
    );
  }
  if (preview === null) return <em>{text.list.noMessages}</em>;
  if (preview.senderId === ownId) return `${text.list.own} ${preview.body}`;
  return (
    <>
      {type === 'group' && <SenderPrefix userId={preview.senderId} />}
      {preview.body}
    </>
  );
}

function TypistName({ userId }: { userId: string }) {
  return text.typing.one(useName(userId));
}

function SenderPrefix({ userId }: { userId: string }) {
  const user = useUser(userId);
  return user === null ? null : `${user.displayName}: `;
}
