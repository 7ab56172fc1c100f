import type { SystemItem } from '@confab/client';
import { memo } from 'react';
import { formatFull } from '../../model/format-time.ts';
import { peopleOf, systemWords } from '../../model/system-words.ts';
import { useOwnId } from '../../session/use-name.ts';
import { useNames } from '../../session/use-names.ts';
import styles from './timeline-lines.module.css';

/** What happened to the conversation: quiet, in the middle. */
export const SystemRow = memo(function SystemRow({ item }: { item: SystemItem }) {
  const ownId = useOwnId();
  const nameOf = useNames(peopleOf(item));
  return (
    <p
      className={styles['system']}
      data-sequence={item.sequence}
      data-testid="system-line"
      title={formatFull(item.sentAt)}
    >
      {systemWords(item, { nameOf, ownId })}
    </p>
  );
});
