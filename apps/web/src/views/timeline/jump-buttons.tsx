import type { Timeline, TimelineView } from '@confab/client';
import { useEffect, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { badgeText } from '../../model/conversation-label.ts';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icon.tsx';
import styles from './jump-buttons.module.css';

interface JumpButtonsProps {
  readonly isAtEnd: boolean;
  readonly unread: number;
  /** The first new message is further up than what is loaded. */
  readonly hasUnreadAbove: boolean;
  readonly view: TimelineView;
  readonly timeline: Timeline;
  readonly onJump: () => void;
}

/** The ways across a long timeline: to the newest, and to the first that is new. */
export function JumpButtons({ isAtEnd, unread, hasUnreadAbove, view, timeline, onJump }: JumpButtonsProps) {
  const [isSeeking, setSeeking] = useState(false);
  const { hasOlder, isLoadingOlder, error } = view;
  const mayLoad = hasUnreadAbove && hasOlder && error === null;
  if (isSeeking && !mayLoad) setSeeking(false);
  useEffect(() => {
    if (isSeeking && !isLoadingOlder) void timeline.loadOlder();
  }, [isSeeking, isLoadingOlder, timeline]);
  return (
    <>
      {hasUnreadAbove && (
        <div className={styles['above']}>
          <Button isPending={isSeeking} onPress={() => setSeeking(true)} small>
            {text.timeline.firstUnread}
          </Button>
        </div>
      )}
      {!isAtEnd && (
        <AriaButton
          aria-label={unread > 0 ? text.timeline.jumpUnread(unread) : text.timeline.jump}
          className={styles['below'] ?? ''}
          data-testid="jump-to-latest"
          onPress={onJump}
        >
          {unread > 0 && <span className={styles['count']}>{badgeText(unread)}</span>}
          <Icon name="down" />
        </AriaButton>
      )}
    </>
  );
}
