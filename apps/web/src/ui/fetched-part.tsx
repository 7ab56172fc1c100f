import { type ComponentType, useEffect, useState } from 'react';
import { useNotices } from './notices.tsx';

interface FetchedPartProps<P> {
  /** What the part is given once it is here. */
  readonly props: P;
  readonly fetchPart: () => Promise<ComponentType<P>>;
  readonly isWanted: boolean;
  /** It was wanted and could not be fetched; the person has been told. */
  readonly onFailure: () => void;
}

/** Long enough for the first picture, short enough to come before anybody asks. */
const IDLE_MS = 1_500;

/**
 * A part of the app in a file of its own, fetched when the page is idle or when it is wanted before. Nothing until
 * then. Not React's lazy(): that remembers a failed fetch for ever, and a page that was offline for a moment should
 * get another try.
 */
export function FetchedPart<P extends object>({
  props,
  fetchPart,
  isWanted,
  onFailure,
}: FetchedPartProps<P>) {
  const { fail } = useNotices();
  const [Part, setPart] = useState<ComponentType<P> | null>(null);
  useEffect(() => {
    if (Part !== null) return;
    const fetchIt = async () => {
      try {
        const fetched = await fetchPart();
        setPart(() => fetched);
      } catch (thrown) {
        if (!isWanted) return;
        fail(thrown);
        onFailure();
      }
    };
    if (isWanted) {
      void fetchIt();
      return;
    }
    const timer = setTimeout(() => void fetchIt(), IDLE_MS);
    return () => clearTimeout(timer);
    // The functions are new in every rendering and mean the same.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [Part, isWanted]);
  return Part === null ? null : <Part {...props} />;
}
