import { useClient } from '@confab/client/react';
import { useCallback, useRef, useSyncExternalStore } from 'react';
import { text } from '../text.ts';

/** The names of several people, followed together. The look-up changes when one of the names does. */
export function useNames(userIds: readonly string[]): (userId: string) => string {
  const { users } = useClient();
  const key = userIds.join(' ');
  const last = useRef<readonly string[]>([]);
  const subscribe = useCallback(
    (listener: () => void) => {
      const leaves = key
        .split(' ')
        .filter(Boolean)
        .map((userId) => users.user(userId).subscribe(listener));
      return () => {
        for (const leave of leaves) leave();
      };
    },
    [users, key],
  );
  const names = useSyncExternalStore(subscribe, () => {
    const fresh = userIds.map((userId) => users.user(userId).get()?.displayName ?? text.somebody);
    const same =
      fresh.length === last.current.length && fresh.every((name, index) => name === last.current[index]);
    if (!same) last.current = fresh;
    return last.current;
  });
  return (userId) => names[userIds.indexOf(userId)] ?? text.somebody;
}
