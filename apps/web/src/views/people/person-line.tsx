import { Avatar } from '../../ui/avatar.tsx';
import styles from './person-line.module.css';
import type { Person } from './use-people-search.ts';

/** A person in a list: face, name, and what tells them apart from others of that name. */
export function PersonLine({ person, note }: { person: Person; note?: string }) {
  const under = note ?? (person.username === null ? null : `@${person.username}`);
  return (
    <span className={styles['line']}>
      <Avatar id={person.userId} name={person.displayName} size="s" />
      <span className={styles['words']}>
        <span className={styles['name']}>{person.displayName}</span>
        {under !== null && <span className={styles['under']}>{under}</span>}
      </span>
    </span>
  );
}
