/** What is half-written, by conversation, on this device only. Drafts of another account are never shown. */
export interface Drafts {
  readonly read: (conversationId: string) => string;
  /** Keeps the text; an empty one is forgotten. */
  readonly write: (conversationId: string, text: string) => void;
  /** Forgets all of this user's, at log-out. */
  readonly clear: () => void;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The part of `Storage` that drafts need. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/**
 * Drafts in a storage that may be full, blocked or absent: what cannot be stored is still held in memory, because
 * losing half a page of text to a full disk is worse than an error nobody can act on.
 */
export function createDrafts(storage: DraftStorage | null, userId: string): Drafts {
  const prefix = `confab.draft.${userId}.`;
  const memory = new Map<string, string>();
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  return {
    read: (conversationId) =>
      memory.get(conversationId) ?? attempt(() => storage?.getItem(prefix + conversationId) ?? '') ?? '',
    write(conversationId, text) {
      const kept = text.trim() === '' ? '' : text;
      memory.set(conversationId, kept);
      attempt(() => {
        if (kept === '') storage?.removeItem(prefix + conversationId);
        else storage?.setItem(prefix + conversationId, kept);
      });
      notify();
    },
    clear() {
      memory.clear();
      attempt(() => {
        for (const key of keysOf(storage)) if (key.startsWith(prefix)) storage?.removeItem(key);
      });
      notify();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function keysOf(storage: DraftStorage | null): string[] {
  if (storage === null) return [];
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
