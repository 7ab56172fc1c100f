import { describe, expect, test } from 'bun:test';
import type {
  Archive,
  ArchivedAccount,
  ArchivePage,
  CursorAdvance,
  NewEvent,
  WorkItem,
} from '@confab/contracts';
import { foldName } from '@confab/protocol';
import { commitOf, emptyLog, mustCommit, uniqueId, workItem } from './commits.ts';
import type { StoreUnderTest, Subject } from './subject.ts';

interface ArchivedStore extends StoreUnderTest {
  readonly archive: Archive;
}

/** An empty store with an archive. There is one at a time: the next is made when the last was disposed of. */
type MakeArchivedStore = () => Promise<Subject & { readonly store: ArchivedStore }>;

/** Everything an archive gives, in an order of its own. */
interface Contents {
  readonly events: ReadonlyMap<string, readonly NewEvent[]>;
  readonly cursors: readonly CursorAdvance[];
  readonly accounts: readonly ArchivedAccount[];
  readonly work: readonly WorkItem[];
}

/** Small enough for several pages of everything. */
const PAGE_ITEMS = 3;
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

export function archiveSuite(name: string, makeStore: MakeArchivedStore): void {
  const onStore = async <T>(body: (store: ArchivedStore) => Promise<T>): Promise<T> => {
    const subject = await makeStore();
    try {
      return await body(subject.store);
    } finally {
      await subject.dispose();
    }
  };

  describe(`${name}: archive`, () => {
    test('[ARC1] an empty store has nothing in its archive', () =>
      onStore(async (store) => {
        expect(await contentsOf(store.archive)).toEqual({
          events: new Map(),
          cursors: [],
          accounts: [],
          work: [],
        });
      }));

    test('[ARC1] pages follow one upon the other, each item in one of them', () =>
      onStore(async (store) => {
        const expected = await fill(store);
        expect(await contentsOf(store.archive)).toEqual(expected);
        const firstPage = await store.archive.accounts(null, PAGE_ITEMS);
        expect(firstPage.items.length).toBeLessThanOrEqual(PAGE_ITEMS);
      }));

    test('[ARC1] a page of events is at most 4 MiB of JSON, but has one event at least', () =>
      onStore(async ({ log, archive }) => {
        const conversationId = uniqueId('g');
        const body = 'x'.repeat(PAGE_BYTES_MAX / 10);
        let place = emptyLog;
        for (let count = 0; count < 12; count += 1) {
          place = await mustCommit(log, commitOf(conversationId, place, [{ body }]));
        }
        const page = await archive.events(conversationId, 0, 100);
        expect(page.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(await archive.events(conversationId, 9, 100)).toHaveLength(3);
        expect(await archive.events(conversationId, 11, 100)).toHaveLength(1);
        expect(await archive.events(conversationId, 12, 100)).toEqual([]);
      }));

    test('[ARC2] a whole store copied through the ports equals the original, however often it is put', async () => {
      const original = await onStore(async (store) => {
        await fill(store);
        return contentsOf(store.archive);
      });
      await onStore(async (store) => {
        await copyInto(store, original);
        expect(await contentsOf(store.archive)).toEqual(original);
        await copyInto(store, original);
        expect(await contentsOf(store.archive)).toEqual(original);
      });
    });

    test('[ARC2] what was put is what the other ports give', async () => {
      const original = await onStore(async (store) => {
        await fill(store);
        return contentsOf(store.archive);
      });
      await onStore(async (store) => {
        await copyInto(store, original);
        for (const { account, devices } of original.accounts) {
          const { foldedUsername, passwordHash, ...user } = account;
          const { userId } = user;
          expect((await store.accounts.byIds([userId])).get(userId)).toEqual(user);
          expect(await store.accounts.search(foldName(user.displayName), 1)).toEqual([user]);
          expect(await store.devices.list(userId)).toEqual(devices);
          if (foldedUsername === null) continue;
          expect(await store.accounts.credentials(foldedUsername)).toEqual({ userId, passwordHash });
          expect(await store.accounts.search(foldedUsername, 1)).toEqual([user]);
        }
        const dueAtMs = Math.max(...original.work.map((item) => item.dueAtMs));
        const claimed = await store.work.claim({ nowMs: dueAtMs, limit: 100, leaseMs: 1 });
        expect(claimed).toHaveLength(original.work.length);
      });
    });

    test('[ARC2] putAccount throws where another user has the name, and leaves them as they are', () =>
      onStore(async (store) => {
        const [first, second] = [ownAccount('Same'), ownAccount('same')];
        await store.archive.putAccount({ account: first, devices: [] });
        const refused = await store.archive.putAccount({ account: second, devices: [] }).then(
          () => false,
          () => true,
        );
        expect(refused).toBe(true);
        expect(await store.accounts.credentials(foldName('same'))).toMatchObject({ userId: first.userId });
        expect((await store.accounts.byIds([second.userId])).size).toBe(0);
      }));
  });
}

/** Some of everything, more than a page each; what the archive must give. */
async function fill(store: ArchivedStore): Promise<Contents> {
  const events = new Map<string, readonly NewEvent[]>();
  const cursors: CursorAdvance[] = [];
  for (let count = 0; count < 5; count += 1) {
    const conversationId = uniqueId('g');
    const drafts = [{ type: 'conversation_event' as const }, { body: 'ä 🎉' }, {}, { senderId: 'u-other' }];
    const first = commitOf(conversationId, emptyLog, drafts);
    const second = commitOf(conversationId, await mustCommit(store.log, first), [{}]);
    await mustCommit(store.log, second);
    events.set(conversationId, [...first.events, ...second.events]);
    const read = { conversationId, userId: 'u-sender', deviceId: '', kind: 'read' } as const;
    const delivered = { ...read, kind: 'delivered', sequence: 4, ordinal: 0 } as const;
    cursors.push(
      { ...read, sequence: 3, ordinal: 2 },
      { ...read, userId: 'u-other', sequence: 5, ordinal: 4 },
    );
    for (const deviceId of ['one', 'two', 'three']) cursors.push({ ...delivered, deviceId });
  }
  // Which device has read is no matter: a user's is one.
  const advances = cursors.flatMap((one) =>
    one.kind === 'read' ? ['phone', 'laptop'].map((deviceId) => ({ ...one, deviceId })) : [one],
  );
  await store.cursors.advance(advances);
  const accounts = archivedAccounts();
  for (const account of accounts) await store.archive.putAccount(account);
  const work = Array.from({ length: 7 }, (_, index) => workItem(`work ${index}`, index * 100));
  await addWorkAside(store, work, events);
  return inOrder({ events, cursors, accounts, work });
}

/** Work goes in with a commit only, and the commit is in the archive as well. */
async function addWorkAside(
  store: ArchivedStore,
  work: readonly WorkItem[],
  events: Map<string, readonly NewEvent[]>,
): Promise<void> {
  const carrier = commitOf(uniqueId('g'), emptyLog, [{}], { work });
  await mustCommit(store.log, carrier);
  events.set(carrier.conversationId, carrier.events);
  // What is leased is open as well, and what is completed is not.
  await store.work.claim({ nowMs: 0, limit: 1, leaseMs: 1_000 });
  const extra = commitOf(uniqueId('g'), emptyLog, [{}], { work: [workItem('completed', 0)] });
  await mustCommit(store.log, extra);
  events.set(extra.conversationId, extra.events);
  await store.work.complete(['completed']);
}

function archivedAccounts(): readonly ArchivedAccount[] {
  const names = ['Anna', 'berta', 'Çem', 'dora'];
  const own = names.map((username) => {
    const account = ownAccount(username);
    return { account, devices: devicesOf(account.userId) };
  });
  const external = ['Erik', 'Frida'].map((displayName) => ({
    account: {
      userId: uniqueId('x'),
      username: null,
      displayName,
      picture: `https://pictures.example/${displayName}`,
      createdAt: '2026-02-01T00:00:00.000Z',
      foldedUsername: null,
      passwordHash: null,
    },
    devices: [],
  }));
  return [...own, ...external];
}

function ownAccount(username: string): ArchivedAccount['account'] & { readonly username: string } {
  return {
    userId: uniqueId('u'),
    username,
    foldedUsername: foldName(username),
    displayName: `The ${username} ${uniqueId('n')}`,
    picture: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    passwordHash: `hash of ${username}`,
  };
}

function devicesOf(userId: string): ArchivedAccount['devices'] {
  const device = {
    userId,
    name: 'a device',
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: '2026-01-05T00:00:00.000Z',
    rotatedAtMs: 1_000,
  };
  return [
    { ...device, deviceId: 'live', revoked: false, refreshNonce: 'n', refreshGeneration: 7, revokedAtMs: 0 },
    {
      ...device,
      deviceId: 'revoked',
      revoked: true,
      refreshNonce: null,
      refreshGeneration: 2,
      revokedAtMs: 9,
    },
  ];
}

async function copyInto(store: ArchivedStore, contents: Contents): Promise<void> {
  for (const [conversationId, events] of contents.events) await copyLog(store, conversationId, events);
  await store.cursors.advance(contents.cursors);
  for (const account of contents.accounts) await store.archive.putAccount(account);
  await store.archive.putWork(contents.work);
}

/** A log that is there already is refused as duplicates: that is how a copy goes on where it was broken off. */
async function copyLog(
  { log }: ArchivedStore,
  conversationId: string,
  events: readonly NewEvent[],
): Promise<void> {
  for (const event of events) {
    const { sequence, ordinal, eventId, sentAt } = event;
    const outcome = await log.commit({
      conversationId,
      expectedHead: sequence - 1,
      events: [event],
      head: { sequence, ordinal, eventId, sentAt, preview: null },
      views: [],
      work: [],
    });
    expect(['committed', 'duplicates']).toContain(outcome.kind);
  }
}

async function contentsOf(archive: Archive): Promise<Contents> {
  const events = new Map<string, readonly NewEvent[]>();
  const cursors: CursorAdvance[] = [];
  for (const conversationId of await wholeOf((after) => archive.conversations(after, PAGE_ITEMS))) {
    expect(events.has(conversationId)).toBe(false);
    events.set(conversationId, await allEvents(archive, conversationId));
    cursors.push(...(await wholeOf((after) => archive.cursors(conversationId, after, PAGE_ITEMS))));
  }
  const accounts = await wholeOf((after) => archive.accounts(after, PAGE_ITEMS));
  const work = await wholeOf((after) => archive.work(after, PAGE_ITEMS));
  return inOrder({ events, cursors, accounts, work });
}

async function allEvents(archive: Archive, conversationId: string): Promise<readonly NewEvent[]> {
  const all: NewEvent[] = [];
  for (;;) {
    const page = await archive.events(conversationId, all.at(-1)?.sequence ?? 0, PAGE_ITEMS);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

async function wholeOf<T>(page: (after: string | null) => Promise<ArchivePage<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  let after: string | null = null;
  do {
    const { items, next }: ArchivePage<T> = await page(after);
    all.push(...items);
    after = next;
  } while (after !== null);
  return all;
}

/** Which order an archive has is its own affair; two of them are compared in this one. */
function inOrder({ events, cursors, accounts, work }: Contents): Contents {
  return {
    events: new Map([...events].toSorted(([one], [other]) => compareText(one, other))),
    cursors: sortedBy(cursors, (cursor) =>
      JSON.stringify([cursor.conversationId, cursor.userId, cursor.deviceId]),
    ),
    accounts: sortedBy(accounts, ({ account }) => account.userId),
    work: sortedBy(work, ({ workId }) => workId),
  };
}

function sortedBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return items.toSorted((one, other) => compareText(keyOf(one), keyOf(other)));
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
