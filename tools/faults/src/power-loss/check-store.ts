import { Database } from 'bun:sqlite';
import type { Archive, ArchivePage, CommitRequest, NewEvent } from '@confab/contracts';
import {
  type ConnectedSqliteStore,
  openSqliteStore,
  openSqliteStoreInThisThread,
} from '@confab/store-sqlite';
import { letsIn, letsOut, membersOf, readLogEvent, type LogEvent } from '../wire.ts';

/** What a store must hold. */
export type Owed = {
  readonly events: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  readonly bodies: ReadonlyMap<string, string>;
};

/** A rule that a store breaks. */
export type StoreBreach = { readonly rule: string; readonly what: string };

type Log = { readonly conversationId: string; readonly events: readonly NewEvent[] };

const PAGE = 1_000;
const LIST_MAX = 1_000;

/**
 * Opens the database at `path` as a server would at its start: what it holds against what is owed, and against itself;
 * empty where all is well. Leaves one more message in it.
 * With one thread it is the same store, whose writer has no thread of its own, and takes a tenth of the time.
 */
export async function checkStore(path: string, owed: Owed, threads: 1 | 2 = 2): Promise<StoreBreach[]> {
  const faults: Error[] = [];
  const open = threads === 1 ? openSqliteStoreInThisThread : openSqliteStore;
  let store: ConnectedSqliteStore;
  try {
    store = await open({ path, onFatal: (error) => faults.push(error) });
  } catch (error) {
    return [breach('LOG1', `it does not open: ${String(error)}`)];
  }
  try {
    const found = [...checkFile(path), ...(await checkContents(store, owed))];
    return [...found, ...faults.map((error) => breach('LOG1', `the store gave up: ${error.message}`))];
  } catch (error) {
    return [breach('LOG1', `it cannot be read: ${String(error)}`)];
  } finally {
    await store.close();
  }
}

function checkFile(path: string): StoreBreach[] {
  const db = new Database(path, { readonly: true });
  try {
    const lines = db.query<{ integrity_check: string }, []>('PRAGMA integrity_check').all();
    const words = lines.map(({ integrity_check: word }) => word).filter((word) => word !== 'ok');
    return words.map((word) => breach('LOG1', `integrity_check: ${word}`));
  } finally {
    db.close();
  }
}

async function checkContents(store: ConnectedSqliteStore, owed: Owed): Promise<StoreBreach[]> {
  const logs: Log[] = [];
  for (const conversationId of await everything((after) => store.archive.conversations(after, PAGE)))
    logs.push({ conversationId, events: await allEvents(store.archive, conversationId) });
  const breaches = [...checkOwed(logs, owed), ...(await checkUsers(store, owed))];
  for (const log of logs) {
    breaches.push(
      ...checkLog(log, owed),
      ...(await checkHead(store, log)),
      ...(await checkViews(store, log)),
    );
    breaches.push(...(await checkCursors(store, log)));
  }
  return [...breaches, ...(await checkFollowUps(store, logs)), ...(await checkNextCommit(store, logs))];
}

/** Everything that somebody was told of is there, at the place that its id names. */
function checkOwed(logs: readonly Log[], owed: Owed): StoreBreach[] {
  const kept = new Set(logs.flatMap(({ events }) => events.map(({ eventId }) => eventId)));
  const lost = [...owed.events].filter((eventId) => !kept.has(eventId));
  return lost.map((eventId) => breach('G1.2', `${eventId} was acknowledged or shown and is not in the log`));
}

async function checkUsers({ archive }: ConnectedSqliteStore, owed: Owed): Promise<StoreBreach[]> {
  const accounts = await everything((after) => archive.accounts(after, PAGE));
  const kept = new Set(accounts.map(({ account }) => account.userId));
  const lost = [...owed.users].filter((userId) => !kept.has(userId));
  return lost.map((userId) => breach('G1.2', `the user ${userId} was told of and is not there`));
}

function checkLog({ conversationId, events }: Log, owed: Owed): StoreBreach[] {
  const breaches: StoreBreach[] = [];
  const sends = new Set<string>();
  let messages = 0;
  for (const [at, event] of events.entries()) {
    const { sequence, ordinal, eventId, senderId, clientMessageId } = event;
    if (sequence !== at + 1)
      breaches.push(breach('G2.1', `${conversationId}: place ${at + 1} holds ${sequence}`));
    if (event.type === 'message_event') messages += 1;
    if (ordinal !== messages)
      breaches.push(breach('P5.2', `${eventId}: ordinal ${ordinal}, not ${messages}`));
    if (!eventId.startsWith(`${conversationId}.${sequence.toString(36)}.`))
      breaches.push(breach('P1.5', `${eventId} is no event id of ${conversationId} ${sequence}`));
    const send = `${senderId} ${clientMessageId}`;
    if (sends.has(send)) breaches.push(breach('G3.1', `${clientMessageId} is in ${conversationId} twice`));
    sends.add(send);
    const said = owed.bodies.get(clientMessageId);
    if (event.type === 'message_event' && said !== frameOf(event)['body'])
      breaches.push(breach('G1.2', `${eventId} does not hold what was said`));
  }
  return breaches;
}

async function checkHead(
  { log, views }: ConnectedSqliteStore,
  { conversationId, events }: Log,
): Promise<StoreBreach[]> {
  const last = events.at(-1);
  const head = (await log.heads([conversationId])).get(conversationId);
  const reached = await views.watermark(conversationId);
  const breaches: StoreBreach[] = [];
  if (placeOf(head) !== placeOf(last))
    breaches.push(
      breach('LOG5', `${conversationId}: the head is ${placeOf(head)}, the log ends at ${placeOf(last)}`),
    );
  if (reached !== (last?.sequence ?? 0))
    breaches.push(breach('VIEW4', `${conversationId}: views reach ${reached} of ${last?.sequence}`));
  return breaches;
}

function placeOf(event: Pick<NewEvent, 'eventId' | 'sequence' | 'ordinal'> | undefined): string {
  return event === undefined ? 'nothing' : `${event.eventId} ${event.sequence} ${event.ordinal}`;
}

/** Who is a member by the views is a member by the log, since the same place. */
async function checkViews(
  { views }: ConnectedSqliteStore,
  { conversationId, events }: Log,
): Promise<StoreBreach[]> {
  const joined = membersAfter(events.map(frameOf));
  if (joined.size === 0) return [];
  const rows = await views.list({ view: 'member', partition: conversationId, after: '', limit: LIST_MAX });
  const inViews = rows.map(({ key, value }) => `${key} since ${value.joinedSequence}`).toSorted();
  const inLog = [...joined].map(([userId, since]) => `${userId} since ${since}`).toSorted();
  const breaches: StoreBreach[] = [];
  if (inViews.join() !== inLog.join())
    breaches.push(breach('LOG5', `${conversationId}: members ${inViews.join()}; by the log ${inLog.join()}`));
  const [row] = await views.getMany('conversation', [{ partition: conversationId, key: '' }]);
  if (row?.value.memberCount !== joined.size)
    breaches.push(
      breach('LOG5', `${conversationId}: counts ${row?.value.memberCount} of ${joined.size} members`),
    );
  const places = [...joined.keys()].map((userId) => ({ partition: userId, key: conversationId }));
  const memberships = await views.getMany('membership', places);
  if (memberships.filter(({ value }) => value.to === null).length !== joined.size)
    breaches.push(breach('LOG5', `${conversationId}: a member's own row says something else`));
  return breaches;
}

/** The members after these events, and the sequence of the event by which each came in. */
function membersAfter(events: readonly LogEvent[]): ReadonlyMap<string, number> {
  const members = new Map<string, number>();
  for (const event of events) {
    for (const { userId } of membersOf(event)) {
      if (letsIn(event, userId)) members.set(userId, event.sequence);
      else if (letsOut(event, userId)) members.delete(userId);
    }
  }
  return members;
}

/** No watermark is past the log. */
async function checkCursors(
  { cursors }: ConnectedSqliteStore,
  { conversationId, events }: Log,
): Promise<StoreBreach[]> {
  const users = await cursors.ofConversation(conversationId);
  const beyond = users.filter(({ read, delivered }) => Math.max(read, delivered) > events.length);
  return beyond.map(({ userId }) => breach('G6.3', `${userId} has read past the head of ${conversationId}`));
}

/** Every coming and going stands in the user's own log, or is still noted as work. */
async function checkFollowUps(
  { archive }: ConnectedSqliteStore,
  logs: readonly Log[],
): Promise<StoreBreach[]> {
  const open = new Set(
    (await everything((after) => archive.work(after, PAGE))).map(({ task }) => task.eventId),
  );
  const noted = new Set(
    logs
      .flatMap(({ events }) => events.map(frameOf))
      .filter(({ type }) => type === 'membership_event')
      .map(
        (event) =>
          `${event.senderId} ${String(event['targetConversationId'])} ${String(event['targetSequence'])}`,
      ),
  );
  return logs
    .flatMap(({ events }) => events.map(frameOf))
    .filter(({ eventId }) => !open.has(eventId))
    .flatMap((event) =>
      membersOf(event)
        .filter(({ userId }) => letsIn(event, userId) || letsOut(event, userId))
        .filter(({ userId }) => !noted.has(`${userId} ${event.conversationId} ${event.sequence}`))
        .map(({ userId }) => breach('WORK1', `${userId} will never hear of ${event.eventId}`)),
    );
}

/** The store takes the next message of the longest log, once. */
async function checkNextCommit({ log }: ConnectedSqliteStore, logs: readonly Log[]): Promise<StoreBreach[]> {
  const longest = logs.toSorted((a, b) => b.events.length - a.events.length)[0];
  const last = longest?.events.at(-1);
  if (last === undefined) return [];
  const request = messageAfter(last);
  const first = await log.commit(request);
  const second = await log.commit(request);
  if (first.kind === 'committed' && second.kind === 'duplicates') return [];
  return [breach('LOG4', `the next commit was ${first.kind}, and said again ${second.kind}`)];
}

function messageAfter(last: NewEvent): CommitRequest {
  const { conversationId, sentAt } = last;
  const place = { conversationId, sentAt, sequence: last.sequence + 1, ordinal: last.ordinal + 1 };
  const eventId = `${conversationId}.${place.sequence.toString(36)}.afterwards`;
  const event = {
    ...place,
    eventId,
    type: 'message_event',
    senderId: 'after-the-power-loss',
    clientMessageId: 'after-the-power-loss',
    json: JSON.stringify({ type: 'message_event', ...place, eventId, body: 'the next' }),
    contentHash: '0'.repeat(32),
  } as const;
  const head = { sequence: place.sequence, ordinal: place.ordinal, eventId, sentAt, preview: null };
  return { conversationId, expectedHead: last.sequence, events: [event], head, views: [], work: [] };
}

function frameOf({ json }: NewEvent): LogEvent {
  return readLogEvent(JSON.parse(json));
}

async function everything<T>(page: (after: string | null) => Promise<ArchivePage<T>>): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const next: ArchivePage<T> = await page(after);
    items.push(...next.items);
    after = next.next;
  } while (after !== null);
  return items;
}

async function allEvents(archive: Archive, conversationId: string): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  for (;;) {
    const page = await archive.events(conversationId, events.length, PAGE);
    events.push(...page);
    if (page.length === 0) return events;
  }
}

function breach(rule: string, what: string): StoreBreach {
  return { rule, what };
}
