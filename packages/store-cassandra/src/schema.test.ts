import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { openCqlSession } from './cql-session.ts';
import { openCassandraStore } from './open-cassandra-store.ts';
import { migrateCassandra, SCHEMA_VERSION } from './schema.ts';
import {
  dropTestKeyspace,
  NEEDS_CASSANDRA,
  testConnection,
  testKeyspace,
  testNode,
} from './testing/test-keyspace.ts';

const TEST_TIMEOUT_MS = 60_000;
const ALLOW = { periodicCommitLog: true, paxosV1: true, fewReplicas: true, oneWritingDatacenter: false };

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`the schema ${NEEDS_CASSANDRA}`, () => {
  afterAll(dropTestKeyspace);

  const openError = async (keyspace: string): Promise<string> =>
    openCassandraStore({ connection: testConnection(), keyspace, allow: ALLOW }).then(
      async (store) => {
        await store.close();
        return 'it opened';
      },
      (error: Error) => error.message,
    );

  test('a keyspace that is not there is named, with the command that makes it', async () => {
    expect(await openError('confab_nowhere')).toBe(
      'there is no keyspace confab_nowhere: run `confab migrate`',
    );
    expect(await openError('no"name')).toContain('is no name of a keyspace');
  });

  test('a keyspace without tables, with older or newer ones says so; with the right ones it opens', async () => {
    const { name, connection } = await testKeyspace();
    expect(await openError(name)).toBe('it opened');
    const session = await openCqlSession(connection, name);
    const setVersion = (version: number): Promise<void> =>
      session.write('UPDATE schema_version SET version = ? WHERE name = ?', [version, 'confab']);

    await setVersion(SCHEMA_VERSION + 1);
    expect(await openError(name)).toContain('made by a newer Confab');
    const migrated = migrateCassandra({ connection, keyspace: name, replication: {} });
    expect(await migrated.catch(({ message }: Error) => message)).toContain('made by a newer Confab');

    await setVersion(0);
    expect(await openError(name)).toContain('has no tables of Confab: run `confab migrate`');
    await session.define('DROP TABLE schema_version');
    expect(await openError(name)).toContain('has no tables of Confab: run `confab migrate`');
    await session.close();

    await migrateCassandra({ connection, keyspace: name, replication: { [connection.localDataCenter]: 1 } });
    await migrateCassandra({ connection, keyspace: name, replication: { [connection.localDataCenter]: 1 } });
    expect(await openError(name)).toBe('it opened');
  });

  test('what is no data center or no number of copies is refused before anything is made', async () => {
    const migrate = (replication: Readonly<Record<string, number>>): Promise<string> =>
      migrateCassandra({ connection: testConnection(), keyspace: 'confab_never', replication }).then(
        () => 'it migrated',
        (error: Error) => error.message,
      );
    expect(await migrate({ "x'; DROP": 1 })).toContain('is no name of a data center');
    expect(await migrate({ datacenter1: 0 })).toContain('0 copies');
  });
});
