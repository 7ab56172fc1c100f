import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { createDrafts, type Drafts } from '../model/drafts.ts';

const DraftsContext = createContext<Drafts | null>(null);

/** The drafts of who is logged in. */
export function DraftsProvider({ userId, children }: { userId: string; children: ReactNode }) {
  const drafts = useMemo(() => createDrafts(storageIfAllowed(), userId), [userId]);
  return <DraftsContext value={drafts}>{children}</DraftsContext>;
}

function storageIfAllowed(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

export function useDrafts(): Drafts {
  const drafts = useContext(DraftsContext);
  if (drafts === null) throw new Error('useDrafts is called outside a DraftsProvider');
  return drafts;
}

/** The draft of one conversation, followed. */
export function useDraft(conversationId: string): string {
  const drafts = useDrafts();
  return useSyncExternalStore(drafts.subscribe, () => drafts.read(conversationId));
}
