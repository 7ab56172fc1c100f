import type { ChatError, MessageItem, Timeline } from '@confab/client';
import { errorText } from '../../model/error-text.ts';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { useNotices } from '../../ui/notices.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './failed-message.module.css';

interface FailedMessageProps {
  readonly item: MessageItem;
  readonly timeline: Timeline;
  readonly error: ChatError;
  readonly canRetry: boolean;
}

/** Why a message was refused, and the two ways on. It stays until one is taken: nothing vanishes by itself. */
export function FailedMessage({ item, timeline, error, canRetry }: FailedMessageProps) {
  const { isPending, run } = useAction();
  const { say } = useNotices();
  const { clientMessageId } = item;
  if (clientMessageId === null) return null;
  const discard = async () => {
    if (!(await timeline.discard(clientMessageId))) say(text.message.tooLateToDiscard);
  };
  return (
    <div className={styles['failed']} data-testid="failed-message">
      <p className={styles['words']}>
        <strong>{text.message.failed}.</strong> {errorText(error)}
      </p>
      <div className={styles['actions']}>
        {canRetry && (
          <Button
            icon="retry"
            isPending={isPending}
            look="quiet"
            onPress={() => void run(() => timeline.retry(clientMessageId))}
            small
          >
            {text.message.retry}
          </Button>
        )}
        <Button look="quiet" onPress={() => void run(discard)} small>
          {text.message.discard}
        </Button>
      </div>
    </div>
  );
}
