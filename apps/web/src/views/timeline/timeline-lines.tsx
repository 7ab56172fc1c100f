import type { ConversationView, Timeline, TimelineView } from '@confab/client';
import { conversationAvatarId, conversationName } from '../../model/conversation-label.ts';
import { formatDay } from '../../model/format-time.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { Spinner } from '../../ui/spinner.tsx';
import styles from './timeline-lines.module.css';

/** The line between two days. */
export function DayLine({ at, today }: { at: string; today: Date }) {
  return (
    <h2 className={styles['day']}>
      <time dateTime={at}>{formatDay(at, today)}</time>
    </h2>
  );
}

/** The line before what is new. */
export function UnreadLine() {
  return (
    <div className={styles['unread']} data-testid="unread-line">
      <hr aria-label={text.timeline.unreadLabel} />
      <span aria-hidden="true">{text.timeline.unread}</span>
    </div>
  );
}

interface TopLineProps {
  readonly conversation: ConversationView;
  readonly view: TimelineView;
  readonly timeline: Timeline;
  readonly isEmpty: boolean;
}

/** The top of what is loaded: older messages come here, or this is where it began. */
export function TopLine({ conversation, view, timeline, isEmpty }: TopLineProps) {
  if (view.error !== null) {
    return (
      <div className={styles['older']}>
        <output>{text.timeline.loadFailed}</output>
        <Button onPress={() => void timeline.loadOlder()} small>
          {text.timeline.again}
        </Button>
      </div>
    );
  }
  const isComing = view.status === 'empty' || view.status === 'loading';
  if (view.hasOlder || isComing) {
    return (
      <output aria-label={text.timeline.older} className={styles['older']}>
        <Spinner size={20} />
      </output>
    );
  }
  const name = conversationName(conversation);
  const direct = conversation.type === 'direct';
  return (
    <div className={styles['beginning']} data-testid="beginning">
      <Avatar
        id={conversationAvatarId(conversation)}
        name={name}
        shape={direct ? 'person' : 'group'}
        size="l"
      />
      <p>{direct ? text.timeline.beginningDirect(name) : text.timeline.beginningGroup(name)}</p>
      {isEmpty && <p>{text.timeline.empty}</p>}
    </div>
  );
}
