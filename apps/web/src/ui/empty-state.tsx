import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

interface EmptyStateProps {
  readonly title: string;
  readonly body?: string | undefined;
  readonly picture?: ReactNode;
  readonly children?: ReactNode;
}

/** What stands where nothing is yet, and the way to something. */
export function EmptyState({ title, body, picture, children }: EmptyStateProps) {
  return (
    <div className={styles['empty']}>
      {picture}
      <h2 className={styles['title']}>{title}</h2>
      {body !== undefined && <p className={styles['body']}>{body}</p>}
      {children}
    </div>
  );
}
