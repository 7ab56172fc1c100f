import type { MessageState } from '@confab/client';
import { text } from '../../text.ts';
import { classNames } from '../../ui/class-names.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import styles from './message-state-mark.module.css';

const marks: Readonly<Record<Exclude<MessageState['kind'], 'received'>, readonly [IconName, string]>> = {
  queued: ['clock', text.message.queued],
  sending: ['clock', text.message.sending],
  sent: ['check', text.message.sent],
  delivered: ['checks', text.message.delivered],
  read: ['checks', text.message.read],
  failed: ['warning', text.message.failed],
};

/** What became of an own message: a small picture, and the word for it. */
export function MessageStateMark({ state }: { state: MessageState }) {
  if (state.kind === 'received') return null;
  const [icon, words] = marks[state.kind];
  return (
    <span className={classNames(styles['mark'], styles[state.kind])} title={words}>
      <Icon name={icon} size={15} />
      <VisuallyHidden>{words}</VisuallyHidden>
    </span>
  );
}
