import type {
  CommitOutcome,
  CommitRequest,
  ConversationLog,
  NewEvent,
  StoredEvent,
  ViewPut,
  WorkItem,
} from '@confab/contracts';
import { isCountable, formatEventId, type LogEventType } from '@confab/protocol';

/** Where a log stands. */
export interface Place {
  readonly sequence: number;
  readonly ordinal: number;
}

export const emptyLog: Place = { sequence: 0, ordinal: 0 };

/** What a test says of an event; the rest follows from its place. */
export interface Draft {
  readonly senderId?: string;
  readonly clientMessageId?: string;
  readonly type?: LogEventType;
  readonly body?: string;
}

/** With a commit: rows and work. */
export interface Along {
  readonly views?: readonly ViewPut[];
  readonly work?: readonly WorkItem[];
}

const SENT_AT = '2026-01-02T03:04:05.678Z';

/** An id that no other test has, also where stores are shared. */
export function uniqueId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll('-', '').slice(0, 22);
}

export function commitOf(
  conversationId: string,
  at: Place,
  drafts: readonly Draft[],
  { views = [], work = [] }: Along = {},
): CommitRequest {
  let { sequence, ordinal } = at;
  const events = drafts.map((draft) => {
    sequence += 1;
    if (isCountable(draft.type ?? 'message_event')) ordinal += 1;
    return eventOf(conversationId, { sequence, ordinal }, draft);
  });
  const eventId = events.at(-1)?.eventId ?? '';
  const head = { sequence, ordinal, eventId, sentAt: SENT_AT, preview: null };
  return { conversationId, expectedHead: at.sequence, events, head, views, work };
}

function eventOf(conversationId: string, { sequence, ordinal }: Place, draft: Draft): NewEvent {
  const {
    senderId = 'u-sender',
    clientMessageId = crypto.randomUUID(),
    type = 'message_event',
    body = 'text',
  } = draft;
  const eventId = formatEventId(conversationId, sequence, 'abcd_-12');
  const frame = { type, eventId, conversationId, sequence, ordinal, senderId, sentAt: SENT_AT, body };
  return {
    conversationId,
    sequence,
    ordinal,
    eventId,
    type,
    senderId,
    clientMessageId,
    sentAt: SENT_AT,
    json: JSON.stringify(frame),
    contentHash: new Bun.CryptoHasher('md5').update(body).digest('hex'),
  };
}

/** The event as it must come back: a store keeps the content hash apart. */
export function storedOf(event: NewEvent): StoredEvent {
  const { contentHash, ...stored } = event;
  if (contentHash === '') throw new Error('an event without a content hash');
  return stored;
}

export function placeAfter({ head }: CommitRequest): Place {
  return { sequence: head.sequence, ordinal: head.ordinal };
}

/** Commits and throws where that was refused: for what a test only builds upon. */
export async function mustCommit(log: ConversationLog, request: CommitRequest): Promise<Place> {
  const outcome = await log.commit(request);
  if (outcome.kind !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
  return placeAfter(request);
}

/** A new log of these events, in as many commits as the store needs. */
export async function fillLog(
  log: ConversationLog,
  conversationId: string,
  drafts: readonly Draft[],
): Promise<Place> {
  const { place } = await appendAll(log, { conversationId, place: emptyLog }, drafts);
  return place;
}

/** Appends events in as many commits as the store needs. */
export async function appendAll(
  log: ConversationLog,
  at: { readonly conversationId: string; readonly place: Place },
  drafts: readonly Draft[],
): Promise<{ readonly place: Place; readonly events: readonly NewEvent[] }> {
  let { place } = at;
  const events: NewEvent[] = [];
  for (let left = drafts; left.length > 0;) {
    const count = log.room(place.sequence);
    const request = commitOf(at.conversationId, place, left.slice(0, count));
    place = await mustCommit(log, request);
    events.push(...request.events);
    left = left.slice(count);
  }
  return { place, events };
}

export async function wholeLog(
  log: ConversationLog,
  conversationId: string,
): Promise<readonly StoredEvent[]> {
  const limit = 1_000_000;
  return log.read({
    conversationId,
    after: 0,
    before: null,
    limit,
    bytesMax: Number.MAX_SAFE_INTEGER,
    type: null,
  });
}

export async function headSequence(log: ConversationLog, conversationId: string): Promise<number> {
  return (await log.heads([conversationId])).get(conversationId)?.sequence ?? 0;
}

/** Writes rows the only way there is: with an event, here of a conversation that nobody asks for. */
export async function putRows(log: ConversationLog, views: readonly ViewPut[]): Promise<void> {
  await mustCommit(log, commitOf(uniqueId('g'), emptyLog, [{}], { views }));
}

export async function addWork(log: ConversationLog, work: readonly WorkItem[]): Promise<void> {
  await mustCommit(log, commitOf(uniqueId('g'), emptyLog, [{}], { work }));
}

export function workItem(workId: string, dueAtMs: number): WorkItem {
  const task = {
    kind: 'record_membership',
    userIds: ['u-one', 'u-two'],
    change: 'joined',
    conversationId: 'g-some',
    eventId: 'g-some.1.abcd_-12',
    sequence: 1,
  } as const;
  return { workId, dueAtMs, task };
}

export function kinds(outcomes: readonly CommitOutcome[]): readonly CommitOutcome['kind'][] {
  return outcomes.map(({ kind }) => kind);
}
