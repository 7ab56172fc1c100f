import type {
  Accounts,
  Archive,
  ConversationLog,
  Cursors,
  Devices,
  Views,
  WorkQueue,
} from '@confab/contracts';
import { CassandraArchive } from './archive/cassandra-archive.ts';
import { checkCluster, type ClusterAllowances } from './cluster-check.ts';
import { withReason } from './cql-failure.ts';
import { type CassandraConnection, type CqlSession, openCqlSession } from './cql-session.ts';
import { BUCKET_EVENTS, Buckets } from './log/buckets.ts';
import { createCassandraLog } from './log/cassandra-log.ts';
import { CassandraAccounts } from './people/cassandra-accounts.ts';
import { CassandraCursors } from './people/cassandra-cursors.ts';
import { CassandraDevices } from './people/cassandra-devices.ts';
import { requireKeyspace, requireSchema } from './schema.ts';
import { CassandraWorkQueue } from './work/cassandra-work-queue.ts';
import { WorkItems } from './work/work-items.ts';
import { SLOT_MS_DEFAULT, WorkSlots } from './work/work-slots.ts';
import { WorkWriter } from './work/work-writer.ts';

export interface CassandraStoreOptions {
  readonly connection: CassandraConnection;
  readonly keyspace: string;
  readonly allow: ClusterAllowances;
}

/** The ports over a keyspace. Any number of processes may have one open. */
export interface CassandraStore {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly archive: Archive;
  /** What is under way ends with an error; its outcome is unknown. */
  close(): Promise<void>;
}

/**
 * Throws where no node can be reached, the keyspace has not the schema of this program (the error says what to run), or
 * the cluster does not keep what is promised (the error says what allows it nevertheless).
 */
export async function openCassandraStore({
  connection,
  keyspace,
  allow,
}: CassandraStoreOptions): Promise<CassandraStore> {
  await inSystem(connection, (session) => requireKeyspace(session, keyspace));
  const session = await openCqlSession(connection, keyspace);
  try {
    await requireSchema(session, keyspace);
    await checkCluster(session, { keyspace, localDataCenter: connection.localDataCenter }, allow);
  } catch (error) {
    await session.close();
    throw withReason(error);
  }
  return createCassandraStore(session, BUCKET_EVENTS);
}

/** The store over a session that it closes; the bucket size is the schema's, but for tests. */
export function createCassandraStore(session: CqlSession, bucketEvents: number): CassandraStore {
  const slots = new WorkSlots(session, SLOT_MS_DEFAULT);
  const items = new WorkItems(session, slots);
  const workWriter = new WorkWriter(items);
  const addWork: WorkWriter['add'] = (added) => workWriter.add(added);
  const people = {
    cursors: new CassandraCursors(session),
    accounts: new CassandraAccounts(session),
    devices: new CassandraDevices(session),
  };
  const ports = createCassandraLog({ session, bucketEvents, addWork });
  const buckets = new Buckets(bucketEvents);
  return {
    ...ports,
    ...people,
    work: new CassandraWorkQueue(slots, items),
    archive: new CassandraArchive({
      ...people,
      session,
      buckets,
      log: ports.log,
      workItems: items,
      workWriter,
    }),
    close: () => session.close(),
  };
}

async function inSystem(
  connection: CassandraConnection,
  action: (session: CqlSession) => Promise<void>,
): Promise<void> {
  const session = await openCqlSession(connection, null);
  try {
    await action(session);
  } catch (error) {
    throw withReason(error);
  } finally {
    await session.close();
  }
}
