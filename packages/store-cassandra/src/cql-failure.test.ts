import { expect, test } from 'bun:test';
import { problemAnswer } from '@confab/protocol';
import { errors } from 'cassandra-driver';
import { CqlFailure, failureOf, withReason } from './cql-failure.ts';
import { openCassandraStore } from './open-cassandra-store.ts';
import { migrateCassandra } from './schema.ts';

const NODE = '192.0.2.1:9042';

test('why Cassandra cannot answer is for those who run the program, and not for users', () => {
  const refused = new errors.NoHostAvailableError({ [NODE]: new Error(`connect ECONNREFUSED ${NODE}`) });
  const failure = failureOf(refused);
  if (!(failure instanceof CqlFailure)) throw new Error('it is no failure');
  expect(failure.reason).toContain(NODE);
  expect(problemAnswer(failure).body).not.toContain('192.0.2.1');
  expect(failure.message).not.toContain('192.0.2.1');
  expect(withReason(failure)).toMatchObject({ message: failure.reason, cause: failure });
});

test('who opens a store or makes its tables is told why that is not possible', async () => {
  // Port 1 is reserved, so nobody answers there.
  const connection = {
    contactPoints: ['127.0.0.1:1'],
    localDataCenter: 'datacenter1',
    credentials: null,
    tls: null,
    requestTimeoutMs: 1_000,
  };
  const allow = { periodicCommitLog: false, paxosV1: false, fewReplicas: false, oneWritingDatacenter: false };
  const keyspace = 'confab_nowhere';
  const messageOf = (opened: Promise<unknown>): Promise<string> => opened.then(() => 'none', String);
  expect(await messageOf(openCassandraStore({ connection, keyspace, allow }))).toContain('127.0.0.1:1');
  expect(await messageOf(migrateCassandra({ connection, keyspace, replication: {} }))).toContain(
    '127.0.0.1:1',
  );
});
