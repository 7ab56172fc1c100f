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

/** One request for a word, not one for each of its letters. */
const PAUSE_MS = 180;

interface Answer {
  readonly query: string;
  readonly people: readonly Person[];
  readonly failed: boolean;
}

/** Users whose name begins with what is typed. Answers that come late for an older query are dropped. */
export function usePeopleSearch(typed: string): PeopleSearch {
  const { users } = useClient();
  const [answer, setAnswer] = useState<Answer>({ query: '', people: [], failed: false });
  const query = typed.trim().replace(/^@/, '').slice(0, 64);
  useEffect(() => {
    if (query === '') return;
    let isWanted = true;
    const ask = async () => {
      try {
        const people = await users.search(query);
        if (isWanted) setAnswer({ query, people, failed: false });
      } catch {
        if (isWanted) setAnswer({ query, people: [], failed: true });
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [users, query]);
  if (query === '') return { people: [], status: 'idle', query };
  if (answer.query !== query)
    return { people: stillFitting(answer.people, query), status: 'searching', query };
  return { people: answer.people, status: answer.failed ? 'failed' : 'found', query };
}

/**
 * Those of the last answer who fit what is typed now stay until the new one is there: a list that blinks is hard to
 * hit. The others go at once: Enter must never choose somebody who was looked for before.
 */
function stillFitting(people: readonly Person[], query: string): readonly Person[] {
  const begin = query.toLocaleLowerCase();
  return people.filter(({ username, displayName }) =>
    [username ?? '', displayName].some((name) => name.toLocaleLowerCase().startsWith(begin)),
  );
}
