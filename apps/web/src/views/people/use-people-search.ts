import type { ConversationView } from '@confab/client';
import { useClient } from '@confab/client/react';
import { useEffect, useState } from 'react';

/** A user of the server as the SDK gives it. */
export type Person = NonNullable<ConversationView['peer']>;

export interface PeopleSearch {
  readonly people: readonly Person[];
  readonly status: 'idle' | 'searching' | 'found' | 'failed';
  /** The query that `people` belong to. */
  readonly query: string;
}

const IDLE: PeopleSearch = { people: [], status: 'idle', query: '' };
/** One request for a word, not one for each of its letters. */
const PAUSE_MS = 180;

/** Users whose name begins with what is typed. Answers that come late for an older query are dropped. */
export function usePeopleSearch(typed: string): PeopleSearch {
  const { users } = useClient();
  const [search, setSearch] = useState(IDLE);
  const query = typed.trim().replace(/^@/, '').slice(0, 64);
  useEffect(() => {
    if (query === '') {
      setSearch(IDLE);
      return;
    }
    let isWanted = true;
    setSearch((before) => ({ ...before, status: 'searching' }));
    const ask = async () => {
      try {
        const people = await users.search(query);
        if (isWanted) setSearch({ people, status: 'found', query });
      } catch {
        if (isWanted) setSearch({ people: [], status: 'failed', query });
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [users, query]);
  return search;
}
