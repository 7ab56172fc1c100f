import {
  ChatError,
  type ChatClient,
  type ClientEventName,
  type ClientEvents,
  type ConnectionState,
  type ConversationList,
  type ConversationView,
  type MemberList,
  type MessageItem,
  type SessionState,
  type TimelineView,
} from '@confab/client';
import { everybody, minutesAgo, people, type Person } from './cast.ts';
import { cell, type Cell } from './cell.ts';
import { type FakeTimeline, fakeTimeline, type SendOutcome, type TimelineScript } from './fake-timeline.ts';

/** What a scene of the gallery is made of. Everything has a calm default. */
export interface FakeScript {
  readonly session?: SessionState;
  readonly connection?: ConnectionState;
  readonly source?: ConversationList['source'];
  readonly conversations?: readonly ConversationView[];
  readonly timelines?: Readonly<Record<string, TimelineScript>>;
  readonly members?: Readonly<Record<string, MemberList>>;
  readonly send?: SendOutcome;
  readonly pendingCount?: number;
  readonly refuse?: ChatError;
}

export interface FakeClient extends ChatClient {
  /** Lets somebody say something, as if it came from the server. */
  readonly hear: (conversationId: string, item: MessageItem) => void;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An SDK without a server: the same face, invented facts. For the gallery only; the build does not contain it. */
export function fakeClient(script: FakeScript): FakeClient {
  const list = cell<ConversationList>(listOf(script.conversations ?? [], script.source ?? 'live'));
  const session = cell<SessionState>(script.session ?? { kind: 'signed_in', userId: 'me', deviceId: 'd1' });
  const connection = cell<ConnectionState>(script.connection ?? { kind: 'live', transport: 'websocket' });
  const events = emitter();
  const timelines = new Map<string, FakeTimeline>();
  const timeline = (conversationId: string) => {
    const known = timelines.get(conversationId);
    if (known !== undefined) return known;
    const items = script.timelines?.[conversationId] ?? { items: [] };
    const made = fakeTimeline(conversationId, items, () => script.send ?? 'delivers');
    made.subscribe(() => list.update((before) => withRead(before, conversationId, made.get())));
    timelines.set(conversationId, made);
    return made;
  };
  return {
    account: fakeAccount(script, session),
    connection: {
      state: connection,
      connect() {
        connection.set({ kind: 'connecting', attempt: 1 });
        setTimeout(() => connection.set({ kind: 'catching_up' }), 1_500);
        setTimeout(() => connection.set({ kind: 'live', transport: 'websocket' }), 3_000);
      },
      close: () => connection.set({ kind: 'stopped', reason: 'closed' }),
      setActive() {},
    },
    conversations: fakeConversations(script, list),
    users: {
      user: memo((userId) =>
        cell<Person | null>(everybody.find((person) => person.userId === userId) ?? null),
      ),
      async search(query) {
        await wait(200);
        const begins = (name: string | null) => name?.toLowerCase().startsWith(query.toLowerCase()) === true;
        return everybody.filter(({ username, displayName }) => begins(username) || begins(displayName));
      },
    },
    pendingCount: cell(script.pendingCount ?? 0),
    timeline,
    on: events.on,
    call: () => Promise.reject(new ChatError('unavailable')),
    loaded: Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    hear(conversationId, item) {
      timeline(conversationId).receive(item);
      events.emit('message', {
        message: { ...item, conversationId } as unknown as ClientEvents['message']['message'],
        own: item.own,
        mentioned: false,
        live: true,
        conversation: null,
      });
    },
  };
}

const device = (deviceId: string, name: string, minutes: number) => ({
  deviceId,
  name,
  createdAt: minutesAgo(minutes + 9_000),
  lastSeenAt: minutesAgo(minutes),
  current: deviceId === 'd1',
});

function fakeAccount(script: FakeScript, session: Cell<SessionState>): ChatClient['account'] {
  let devices = [
    device('d2', 'Safari on iPhone', 12),
    device('d1', 'Firefox on Linux', 0),
    device('d3', 'Chrome on Windows', 60 * 24 * 19),
  ];
  const answer = async () => {
    await wait(500);
    if (script.refuse !== undefined) throw script.refuse;
  };
  return {
    session,
    profile: cell<Person | null>(people.me),
    async register() {
      await answer();
      return { userId: 'me' };
    },
    async logIn() {
      await answer();
      session.set({ kind: 'signed_in', userId: 'me', deviceId: 'd1' });
    },
    async logOut() {
      await wait(200);
      session.set({ kind: 'signed_out', reason: 'logged_out' });
    },
    async devices() {
      await wait(200);
      return devices;
    },
    async revokeDevice(deviceId) {
      await wait(300);
      devices = devices.filter((known) => known.deviceId !== deviceId);
    },
  };
}

function fakeConversations(script: FakeScript, list: Cell<ConversationList>): ChatClient['conversations'] {
  const find = (conversationId: string) =>
    list.get().items.find((item) => item.conversationId === conversationId) ?? null;
  const started = async () => {
    await wait(300);
    const [first] = list.get().items;
    if (script.refuse !== undefined || first === undefined) throw script.refuse ?? new ChatError('network');
    return first;
  };
  const change = async () => {
    await wait(300);
    if (script.refuse !== undefined) throw script.refuse;
  };
  return {
    get: list.get,
    subscribe: list.subscribe,
    conversation: memo((conversationId) => ({ get: () => find(conversationId), subscribe: list.subscribe })),
    typing: memo((conversationId) => ({
      get: () => find(conversationId)?.typing ?? NOBODY,
      subscribe: list.subscribe,
    })),
    members: memo((conversationId) => ({
      ...cell<MemberList>(script.members?.[conversationId] ?? { items: [], status: 'complete' }),
      loadMore: () => Promise.resolve(),
    })),
    startDirect: started,
    createGroup: started,
    addMembers: change,
    removeMember: change,
    leave: change,
    async rename(conversationId, title) {
      await change();
      list.update(({ items, source }) =>
        listOf(
          items.map((item) =>
            item.conversationId === conversationId ? { ...item, title, name: title ?? '' } : item,
          ),
          source,
        ),
      );
    },
    setRole: change,
  };
}

const NOBODY: readonly string[] = [];

function listOf(items: readonly ConversationView[], source: ConversationList['source']): ConversationList {
  const sum = (pick: (item: ConversationView) => number) =>
    items.reduce((total, item) => total + pick(item), 0);
  return { items, source, unread: sum((item) => item.unread), mentions: sum((item) => item.mentions) };
}

/** Once everything loaded is read, nothing is unread. */
function withRead(list: ConversationList, conversationId: string, view: TimelineView): ConversationList {
  const left = view.items.filter(
    (item) => item.kind === 'message' && !item.own && (item.sequence ?? 0) > view.readSequence,
  ).length;
  const at = list.items.find((item) => item.conversationId === conversationId);
  if (at === undefined || at.unread === left) return list;
  const items = list.items.map((item) =>
    item === at ? { ...item, unread: left, mentions: Math.min(left, item.mentions) } : item,
  );
  return listOf(items, list.source);
}

function memo<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

function emitter() {
  const listeners = new Map<string, Set<(fact: never) => void>>();
  const on = <E extends ClientEventName>(event: E, listener: (fact: ClientEvents[E]) => void) => {
    const known = listeners.get(event) ?? new Set();
    listeners.set(event, known.add(listener));
    return () => void known.delete(listener);
  };
  const emit = <E extends ClientEventName>(event: E, fact: ClientEvents[E]) => {
    for (const listener of listeners.get(event) ?? []) (listener as (fact: ClientEvents[E]) => void)(fact);
  };
  return { on, emit };
}
