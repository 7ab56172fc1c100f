import { useConversation, useConversations, useTimeline } from '@confab/client/react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useRouter } from '../../routing/navigation.tsx';
import { NARROW, useMedia, WIDE } from '../../session/use-media.ts';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Logo } from '../../ui/logo.tsx';
import { Composer, type ComposerHandle } from '../composer/composer.tsx';
import { DetailsPanel } from '../details/details-panel.tsx';
import { LiveAnnouncer } from '../timeline/live-announcer.tsx';
import { TimelineView } from '../timeline/timeline-view.tsx';
import { ConversationHeader } from './conversation-header.tsx';
import styles from './conversation-view.module.css';

/** One conversation: who it is with, what was said, and where to answer. */
export function ConversationView({ conversationId }: { conversationId: string }) {
  const conversation = useConversation(conversationId);
  const { source } = useConversations();
  const { view, timeline } = useTimeline(conversationId);
  const isNarrow = useMedia(NARROW);
  const isWide = useMedia(WIDE);
  const [showsDetails, setShowsDetails] = useState(false);
  const composer = useRef<ComposerHandle>(null);
  const detailsButton = useRef<HTMLButtonElement>(null);
  const isKnown = conversation !== null;
  useFocusOnOpening(isKnown, isNarrow, composer);
  useTypeToWrite(composer);

  if (conversation === null) {
    const isComing = source !== 'live' && view.status !== 'gone';
    return isComing ? <ConversationWaiting /> : <ConversationGone />;
  }
  const closeDetails = () => {
    setShowsDetails(false);
    detailsButton.current?.focus();
  };
  const onlyDetails = showsDetails && !isWide;
  return (
    <div
      className={classNames(styles['view'], showsDetails && styles['withDetails'])}
      data-testid="conversation"
    >
      <section className={styles['talk']} inert={onlyDetails}>
        <ConversationHeader
          conversation={conversation}
          detailsButton={detailsButton}
          onToggleDetails={() => setShowsDetails(!showsDetails)}
          showsBack={isNarrow}
          showsDetails={showsDetails}
        />
        <TimelineView conversation={conversation} timeline={timeline} view={view} />
        {view.status === 'gone' ? (
          <p className={styles['gone']}>{text.timeline.gone}</p>
        ) : (
          <Composer conversation={conversation} ref={composer} timeline={timeline} />
        )}
        <LiveAnnouncer conversationId={conversationId} />
      </section>
      {showsDetails && <DetailsPanel conversation={conversation} onClose={closeDetails} />}
    </div>
  );
}

/** Opening a conversation puts the caret into the composer, unless that would raise a keyboard over what one came to read. */
function useFocusOnOpening(
  isKnown: boolean,
  isNarrow: boolean,
  composer: RefObject<ComposerHandle | null>,
): void {
  useEffect(() => {
    if (isKnown && !isNarrow && matchMedia('(pointer: fine)').matches) composer.current?.focus();
    // Growing narrower is no reason to move the focus.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isKnown, composer]);
}

/** Who reads and begins to type wants to write: the first letter goes into the composer too. */
function useTypeToWrite(composer: RefObject<ComposerHandle | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isLetter = event.key.length === 1 && event.key !== ' ';
      if (!isLetter || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const at = document.activeElement;
      if (at === document.body || at?.getAttribute('role') === 'log') composer.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [composer]);
}

function ConversationWaiting() {
  return (
    <EmptyState picture={<Logo size={44} />} title={text.loading}>
      <ToList />
    </EmptyState>
  );
}

function ConversationGone() {
  return (
    <EmptyState body={text.conversation.goneBody} picture={<Logo size={44} />} title={text.conversation.gone}>
      <ToList />
    </EmptyState>
  );
}

function ToList() {
  const { goInstead } = useRouter();
  return <Button onPress={() => goInstead({ view: 'home' })}>{text.conversation.toList}</Button>;
}
