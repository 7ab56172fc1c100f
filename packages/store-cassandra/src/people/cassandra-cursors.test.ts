import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraCursors } from './cassandra-cursors.ts';

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`cursors in Cassandra ${NEEDS_CASSANDRA}`, () => {
  test('[CUR1] the highest watermark stays, whichever of two nodes writes last', async () => {
    const session = await (await testKeyspace()).openSession();
    const nodes = [new CassandraCursors(session), new CassandraCursors(session)] as const;
    const place = { conversationId: crypto.randomUUID(), userId: 'u' };
    const read = { ...place, deviceId: '', kind: 'read' } as const;
    await nodes[0].advance([{ ...read, sequence: 9, ordinal: 8 }]);
    await nodes[1].advance([{ ...read, sequence: 5, ordinal: 4 }]);
    expect(await nodes[1].get([place])).toMatchObject([{ read: 9, readOrdinal: 8 }]);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        nodes[index % 2 === 0 ? 0 : 1].advance([{ ...read, sequence: 30 - index, ordinal: 29 - index }]),
      ),
    );
    expect(await nodes[0].get([place])).toMatchObject([{ read: 30, readOrdinal: 29 }]);
    await session.close();
  });

  test('[CUR3] one call reaches over more conversations and users than one request holds', async () => {
    const session = await (await testKeyspace()).openSession();
    const cursors = new CassandraCursors(session);
    const large = crypto.randomUUID();
    const places = [
      ...Array.from({ length: 300 }, () => ({ conversationId: crypto.randomUUID(), userId: 'u' })),
      ...Array.from({ length: 500 }, (_, index) => ({ conversationId: large, userId: `u${index}` })),
    ];
    await cursors.advance(
      places.map((place, index) => ({
        ...place,
        deviceId: 'd',
        kind: 'delivered',
        sequence: index + 1,
        ordinal: 0,
      })),
    );
    const found = await cursors.get(places);
    expect(found.map((cursor) => cursor?.delivered)).toEqual(places.map((_, index) => index + 1));
    expect(await cursors.ofConversation(large)).toHaveLength(500);
    await session.close();
  });
});
