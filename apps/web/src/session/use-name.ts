import { useSession, useUser } from '@confab/client/react';
import { text } from '../text.ts';

/** The id of who is logged in. Only below the shell, where somebody is. */
export function useOwnId(): string {
  const session = useSession();
  return session.kind === 'signed_in' ? session.userId : '';
}

/** A person's name; neutral words until it was read. */
export function useName(userId: string): string {
  return useUser(userId)?.displayName ?? text.somebody;
}
