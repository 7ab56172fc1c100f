import type { MessageItem, MessageState, Timeline, TimelineItem, TimelineView } from '@confab/client';
import { ChatError } from '@confab/client';
import { type Cell, cell } from './cell.ts';
import { minutesAgo } from './cast.ts';

export type SendOutcome = 'delivers' | 'queues' | 'fails' | 'hangs';

export interface TimelineScript {
  readonly items: readonly TimelineItem[];
  readonly readSequence?: number;
  readonly status?: TimelineView['status'];
  readonly error?: ChatError;
  /** How many of the items are loaded at first; the others come as older pages. */
  readonly loaded?: number;
}

const PAGE = 40;

export interface FakeTimeline extends Timeline {
  /** Somebody says something. */
  readonly receive: (item: TimelineItem) => void;
}

/** A timeline in memory. What becomes of a message is told by `outcome` at the moment of sending. */
export function fakeTimeline(
  conversationId: string,
  script: TimelineScript,
  outcome: () => SendOutcome,
): FakeTimeline {
  const start = Math.max(0, script.items.length - (script.loaded ?? script.items.length));
  const view = cell<TimelineView>({
    conversationId,
    items: script.items.slice(start),
    status: script.status ?? 'current',
    hasOlder: start > 0,
    isLoadingOlder: false,
    error: script.error ?? null,
    readSequence: script.readSequence ?? Math.max(0, ...script.items.map((item) => item.sequence ?? 0)),
    watermarks: [],
  });
  const add = (item: TimelineItem) =>
    view.update((before) => ({ ...before, items: [...before.items, item] }));
  return {
    conversationId,
    get: view.get,
    subscribe: view.subscribe,
    receive: (item) => add(item.sequence === null ? item : { ...item, sequence: nextSequence(view) }),
    async send(body) {
      const clientMessageId = crypto.randomUUID();
      add(ownItem(clientMessageId, body));
      meetFate(view, clientMessageId, outcome());
      return { clientMessageId };
    },
    retry: async (clientMessageId) => meetFate(view, clientMessageId, outcome()),
    async discard(clientMessageId) {
      view.update((before) => ({
        ...before,
        items: before.items.filter(
          (item) => item.kind !== 'message' || item.clientMessageId !== clientMessageId,
        ),
      }));
      return true;
    },
    loadOlder: olderPages(view, script.items, start),
    releaseOlder() {},
    markRead: (sequence) =>
      view.update((before) =>
        sequence > before.readSequence ? { ...before, readSequence: sequence } : before,
      ),
    typing() {},
  };
}

function olderPages(view: Cell<TimelineView>, all: readonly TimelineItem[], loadedFrom: number) {
  let start = loadedFrom;
  return async () => {
    if (start === 0 || view.get().isLoadingOlder) return false;
    view.update((before) => ({ ...before, isLoadingOlder: true }));
    await new Promise((resolve) => setTimeout(resolve, 350));
    const from = Math.max(0, start - PAGE);
    const page = all.slice(from, start);
    start = from;
    view.update((before) => ({
      ...before,
      items: [...page, ...before.items],
      isLoadingOlder: false,
      hasOlder: start > 0,
    }));
    return true;
  };
}

function meetFate(view: Cell<TimelineView>, clientMessageId: string, fate: SendOutcome): void {
  const become = (state: MessageState, sequence?: number) =>
    view.update((before) => ({
      ...before,
      items: before.items.map((item) =>
        item.kind === 'message' && item.clientMessageId === clientMessageId
          ? { ...item, state, sequence: sequence ?? item.sequence }
          : item,
      ),
    }));
  if (fate === 'queues') return become({ kind: 'queued' });
  become({ kind: 'sending' });
  if (fate === 'hangs') return;
  setTimeout(() => {
    if (fate === 'fails')
      return become({ kind: 'failed', error: new ChatError('forbidden'), canRetry: true });
    become({ kind: 'sent' }, nextSequence(view));
    setTimeout(() => become({ kind: 'delivered' }), 600);
    setTimeout(() => become({ kind: 'read' }), 1_800);
  }, 250);
}

function nextSequence(view: Cell<TimelineView>): number {
  return 1 + Math.max(0, ...view.get().items.map((item) => item.sequence ?? 0));
}

function ownItem(clientMessageId: string, body: string): MessageItem {
  return {
    kind: 'message',
    key: clientMessageId,
    messageId: null,
    sequence: null,
    clientMessageId,
    senderId: 'me',
    own: true,
    body,
    format: 'plain',
    replyTo: null,
    mentions: [],
    sentAt: minutesAgo(0),
    state: { kind: 'queued' },
  };
}
