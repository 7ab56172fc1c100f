import type { MessageItem, Timeline } from '@confab/client';
import { memo } from 'react';
import { formatClock, formatFull } from '../../model/format-time.ts';
import { useName } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { classNames } from '../../ui/class-names.ts';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import { FailedMessage } from './failed-message.tsx';
import styles from './message-row.module.css';
import { MessageStateMark } from './message-state-mark.tsx';
import { MessageText } from './message-text.tsx';

interface MessageRowProps {
  readonly item: MessageItem;
  readonly timeline: Timeline;
  readonly startsRun: boolean;
  readonly endsRun: boolean;
  /** In a group everybody's face stands beside what they say. */
  readonly showsSender: boolean;
}

/** One message: a bubble, its time, and for own ones what became of it. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { item, timeline, startsRun, endsRun, showsSender } = props;
  const { own, state, sentAt } = item;
  const face = showsSender && !own;
  return (
    <article
      className={classNames(
        styles['row'],
        own ? styles['own'] : styles['other'],
        startsRun && styles['starts'],
        endsRun && styles['ends'],
        face && styles['withFace'],
      )}
      data-client-message-id={item.clientMessageId ?? undefined}
      data-own={own}
      data-sequence={item.sequence ?? undefined}
      data-state={state.kind}
      data-testid="message"
    >
      {face && <SenderFace isShown={endsRun} senderId={item.senderId} />}
      <div className={styles['stack']}>
        <SenderName isShown={face && startsRun} isOwn={own} senderId={item.senderId} />
        <div className={styles['bubble']}>
          <span data-testid="message-body">
            <MessageText body={item.body} />
          </span>
          <span className={styles['meta']}>
            <time dateTime={sentAt} title={formatFull(sentAt)}>
              {formatClock(sentAt)}
            </time>
            {own && <MessageStateMark state={state} />}
          </span>
        </div>
        {state.kind === 'failed' && (
          <FailedMessage canRetry={state.canRetry} error={state.error} item={item} timeline={timeline} />
        )}
      </div>
    </article>
  );
});

function SenderFace({ senderId, isShown }: { senderId: string; isShown: boolean }) {
  const name = useName(senderId);
  return <span className={styles['face']}>{isShown && <Avatar id={senderId} name={name} size="s" />}</span>;
}

/** Who says it: seen where a run starts in a group, heard by screen readers at every message. */
function SenderName({ senderId, isShown, isOwn }: { senderId: string; isShown: boolean; isOwn: boolean }) {
  const name = useName(senderId);
  if (isShown) return <h3 className={styles['name']}>{name}</h3>;
  return <VisuallyHidden>{isOwn ? text.you : name}: </VisuallyHidden>;
}
