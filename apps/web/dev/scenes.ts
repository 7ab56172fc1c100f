import { ChatError, type ConversationView, type MemberList, type TimelineItem } from '@confab/client';
import { longHistory, message, minutesAgo, people, type Person, system } from './cast.ts';
import type { FakeScript } from './fake-client.ts';

/** One state of the app worth looking at. */
export interface Scene extends FakeScript {
  readonly name: string;
  readonly path: string;
  /** Somebody keeps talking in this conversation. */
  readonly chatter?: string;
}

function conversation(conversationId: string, facts: Partial<ConversationView>): ConversationView {
  return {
    conversationId,
    type: 'direct',
    name: facts.title ?? facts.peer?.displayName ?? '',
    title: null,
    peer: null,
    role: 'owner',
    memberCount: 2,
    headSequence: 9,
    lastActivityAt: minutesAgo(3),
    preview: null,
    unread: 0,
    mentions: 0,
    readSequence: 9,
    typing: [],
    watermarks: [],
    ...facts,
  };
}

const preview = (from: string, body: string, minutes: number): Partial<ConversationView> => ({
  preview: { messageId: 'c.1.AAAAAAAA', sequence: 1, senderId: from, body, sentAt: minutesAgo(minutes) },
  lastActivityAt: minutesAgo(minutes),
});

const direct = (peer: Person, facts: Partial<ConversationView>) =>
  conversation(`d-${peer.userId}`, { peer, ...facts });

const group = conversation('g-boat', {
  type: 'group',
  title: 'Boat on Sunday',
  memberCount: 5,
  ...preview('ben', 'I can bring the second anchor, and lunch.', 6),
});

const conversations: readonly ConversationView[] = [
  direct(people.ada, { ...preview('me', 'Perfect. See you there!', 2) }),
  group,
  direct(people.chiyo, {
    ...preview('chiyo', 'The proofs are back from the printer', 48),
    unread: 3,
    typing: ['chiyo'],
  }),
  conversation('g-long', {
    type: 'group',
    title: 'Harbour committee: moorings, winter storage and the crane schedule',
    memberCount: 214,
    ...preview('dev', 'Crane is booked for the 14th. @mara can you confirm?', 190),
    unread: 128,
    mentions: 2,
  }),
  direct(people.elif, { ...preview('elif', 'https://tides.example/2026/harbour?station=4711', 60 * 26) }),
  direct(people.franz, { ...preview('franz', 'Grüße von der Küste 🌊', 60 * 24 * 3) }),
  direct(people.noor, { ...preview('noor', 'شكراً جزيلاً، نلتقي غداً', 60 * 24 * 5), unread: 1 }),
  direct(people.gus, {}),
  direct(people.hana, { ...preview('me', 'Happy birthday!', 60 * 24 * 400) }),
];

const adaLines: readonly TimelineItem[] = [
  system('d-ada', 1, 60 * 27, { type: 'conversation_event', change: 'created' }),
  message('d-ada', 2, { from: 'ada', body: 'Did the new sails arrive?', minutes: 60 * 26 }),
  message('d-ada', 3, {
    from: 'me',
    body: 'Yes! Yesterday, in a tube the length of the hallway.',
    minutes: 60 * 25,
  }),
  message('d-ada', 4, { from: 'me', body: 'The cat has moved in.', minutes: 60 * 25 - 1 }),
  message('d-ada', 5, { from: 'ada', body: 'Naturally 😄', minutes: 60 * 25 - 2 }),
  message('d-ada', 6, {
    from: 'ada',
    body: 'I looked at the forecast (https://weather.example/harbour?days=3). Three things:\n\n1. wind from the south-west, 3 to 4\n2. low water at 06:10\n3. no rain until Monday\n\nSo Sunday it is?',
    minutes: 14,
  }),
  message('d-ada', 7, { from: 'me', body: 'Sunday it is.', minutes: 12 }),
  message('d-ada', 8, {
    from: 'me',
    body: 'I will bring the rope, the good thermos and something against the cold.',
    minutes: 11,
  }),
  message('d-ada', 9, { from: 'ada', body: 'Seven at the pier, then', minutes: 4 }),
  message('d-ada', 10, {
    from: 'me',
    body: 'Perfect. See you there!',
    minutes: 2,
    state: { kind: 'delivered' },
  }),
];

const boatLines: readonly TimelineItem[] = [
  system('g-boat', 1, 60 * 5, {
    type: 'conversation_event',
    change: 'created',
    title: 'Boat',
    senderId: 'ada',
  }),
  system('g-boat', 2, 60 * 4, {
    type: 'member_event',
    change: 'joined',
    senderId: 'ada',
    members: [
      { userId: 'me', role: 'member' },
      { userId: 'ben', role: 'member' },
    ],
  }),
  system('g-boat', 3, 60 * 4, {
    type: 'conversation_event',
    change: 'updated',
    title: 'Boat on Sunday',
    senderId: 'ben',
  }),
  message('g-boat', 4, { from: 'ada', body: 'Who is in for Sunday?', minutes: 60 * 3 }),
  message('g-boat', 5, { from: 'ada', body: 'Seven in the morning. I know.', minutes: 60 * 3 - 1 }),
  message('g-boat', 6, { from: 'franz', body: 'Selbstverständlich!', minutes: 60 * 2 }),
  message('g-boat', 7, { from: 'me', body: 'In.', minutes: 50, state: { kind: 'delivered' } }),
  system('g-boat', 8, 40, {
    type: 'member_event',
    change: 'left',
    senderId: 'gus',
    members: [{ userId: 'gus', role: 'member' }],
  }),
  message('g-boat', 9, { from: 'ben', body: 'Me too', minutes: 7 }),
  message('g-boat', 10, { from: 'ben', body: 'I can bring the second anchor, and lunch.', minutes: 6 }),
];

const members: Readonly<Record<string, MemberList>> = {
  'g-boat': {
    status: 'complete',
    items: [people.ada, people.me, people.ben, people.franz, people.noor].map((user, index) => ({
      userId: user.userId,
      user,
      role: index < 2 ? 'owner' : index === 2 ? 'admin' : 'member',
    })),
  },
};

const timelines: NonNullable<FakeScript['timelines']> = {
  'd-ada': { items: adaLines },
  'g-boat': { items: boatLines },
  'd-chiyo': { items: [] },
  'g-long': { items: longHistory('g-long', 400), loaded: 60, readSequence: 395 },
};

const loaded = { conversations, timelines, members };
const unsent = (state: 'queued' | 'sending', sequence: number, body: string) =>
  message('d-ada', sequence, { from: 'me', body, minutes: 1, unsent: true, state: { kind: state } });
const failed = message('d-ada', 11, {
  from: 'me',
  body: 'This one was refused.',
  minutes: 1,
  unsent: true,
  state: { kind: 'failed', error: new ChatError('forbidden'), canRetry: true },
});
const withAda = (items: readonly TimelineItem[]): NonNullable<FakeScript['timelines']> => ({
  ...timelines,
  'd-ada': { items: [...adaLines, ...items] },
});

export const scenes: readonly Scene[] = [
  { name: 'direct', path: '/c/d-ada', ...loaded },
  { name: 'group', path: '/c/g-boat', ...loaded },
  { name: 'list', path: '/', ...loaded },
  { name: 'unread', path: '/c/g-long', ...loaded },
  { name: 'chatter', path: '/c/d-ada', chatter: 'd-ada', ...loaded },
  {
    name: 'offline',
    path: '/c/d-ada',
    ...loaded,
    connection: { kind: 'offline' },
    send: 'queues',
    pendingCount: 2,
    timelines: withAda([
      unsent('queued', 11, 'Written on the train.'),
      unsent('queued', 12, 'And in the tunnel.'),
    ]),
  },
  {
    name: 'waiting',
    path: '/c/d-ada',
    ...loaded,
    connection: { kind: 'waiting', untilMs: Date.now() + 14_000, attempt: 4 },
    send: 'queues',
  },
  { name: 'failed', path: '/c/d-ada', ...loaded, send: 'fails', timelines: withAda([failed]) },
  {
    name: 'sending',
    path: '/c/d-ada',
    ...loaded,
    send: 'hangs',
    timelines: withAda([unsent('sending', 11, 'On its way')]),
  },
  {
    name: 'connecting',
    path: '/',
    ...loaded,
    source: 'cached',
    connection: { kind: 'connecting', attempt: 1 },
  },
  { name: 'catching-up', path: '/c/d-ada', ...loaded, source: 'cached', connection: { kind: 'catching_up' } },
  { name: 'replaced', path: '/c/d-ada', ...loaded, connection: { kind: 'stopped', reason: 'replaced' } },
  { name: 'empty', path: '/', conversations: [] },
  { name: 'empty-conversation', path: '/c/d-gus', ...loaded },
  { name: 'first-load', path: '/', source: 'empty', connection: { kind: 'connecting', attempt: 1 } },
  {
    name: 'load-error',
    path: '/c/d-ada',
    ...loaded,
    timelines: { 'd-ada': { items: [], status: 'loading', error: new ChatError('network') } },
  },
  { name: 'gone', path: '/c/nowhere', ...loaded },
  { name: 'refused', path: '/c/g-boat', ...loaded, refuse: new ChatError('last_owner') },
  {
    name: 'sign-in',
    path: '/',
    session: { kind: 'signed_out', reason: 'never' },
    refuse: new ChatError('invalid_credentials'),
  },
  {
    name: 'register',
    path: '/register',
    session: { kind: 'signed_out', reason: 'never' },
    refuse: new ChatError('username_taken'),
  },
  { name: 'ended', path: '/', session: { kind: 'signed_out', reason: 'ended' } },
];
