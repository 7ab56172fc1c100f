import type { ConversationView } from '@confab/client';
import type { RefObject } from 'react';
import { conversationAvatarId, conversationName } from '../../model/conversation-label.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { IconButton } from '../../ui/button.tsx';
import styles from './conversation-header.module.css';

interface ConversationHeaderProps {
  readonly conversation: ConversationView;
  readonly showsBack: boolean;
  readonly showsDetails: boolean;
  readonly detailsButton: RefObject<HTMLButtonElement | null>;
  readonly onToggleDetails: () => void;
}

/** Who this conversation is with, and the ways out of it. */
export function ConversationHeader(props: ConversationHeaderProps) {
  const { conversation, showsBack, showsDetails, detailsButton, onToggleDetails } = props;
  const { go } = useRouter();
  const name = conversationName(conversation);
  return (
    <header className={styles['header']}>
      {showsBack && (
        <IconButton
          data-back
          icon="back"
          label={text.conversation.back}
          onPress={() => go({ view: 'home' })}
        />
      )}
      <Avatar
        id={conversationAvatarId(conversation)}
        name={name}
        shape={conversation.type === 'group' ? 'group' : 'person'}
        size="s"
      />
      <div className={styles['words']}>
        <h1 className={styles['name']} data-testid="conversation-title">
          {name}
        </h1>
        <p className={styles['under']}>
          <Subtitle conversation={conversation} />
        </p>
      </div>
      <IconButton
        aria-expanded={showsDetails}
        data-testid="details-button"
        icon="info"
        label={showsDetails ? text.conversation.hideDetails : text.conversation.details}
        onPress={onToggleDetails}
        ref={detailsButton}
      />
    </header>
  );
}

function Subtitle({ conversation }: { conversation: ConversationView }) {
  if (conversation.type === 'group') return text.conversation.members(conversation.memberCount);
  const username = conversation.peer?.username ?? null;
  return username === null ? null : `@${username}`;
}
