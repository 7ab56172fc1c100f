import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { BusyPeople } from './busy-people.ts';
import type { Owed } from './check-store.ts';
import { filesAfter, type PowerCut, writeFiles } from './power-cuts.ts';
import { noteSaid, nothingOwed, owedAt, readRecord, type Record } from './record.ts';
import { RecordedServer } from './recorded-server.ts';

/** Enough that the log file is copied back a few times on the way. */
const MESSAGES = 800;
const MESSAGES_AFTER_A_STOP = 60;
const MESSAGES_AFTER_A_CUT = 40;

/**
 * Records a server from an empty folder on: it is killed under load, recovers, is stopped in good order, starts again
 * and is killed again.
 */
export async function recordBusyServer(folder: string): Promise<Record> {
  await using server = await RecordedServer.start(folder);
  const people = await BusyPeople.meet(server, 'p');
  await people.talkAcrossKill(MESSAGES);
  await server.stop();
  await server.start();
  await people.connect();
  await people.talk(MESSAGES_AFTER_A_STOP);
  return await finish(folder, server, { people, before: nothingOwed });
}

/** Records the start of a server after a cut, and a little of what follows: the power may go again meanwhile. */
export async function recordRecovery(folder: string, record: Record, cut: PowerCut): Promise<Record> {
  const files = filesAfter(record, cut);
  await writeFiles(join(folder, 'initial'), files);
  await cp(join(folder, 'initial'), join(folder, 'data'), { recursive: true });
  await using server = await RecordedServer.start(folder);
  const people = await BusyPeople.meet(server, 'after');
  await people.talk(MESSAGES_AFTER_A_CUT);
  return await finish(folder, server, { people, before: owedAt(record, cut.at) });
}

async function finish(
  folder: string,
  server: RecordedServer,
  { people, before }: { readonly people: BusyPeople; readonly before: Owed },
): Promise<Record> {
  await server.kill();
  await people.leave();
  await noteSaid(folder, people.scene.history.attempts, before);
  return readRecord(folder);
}

/** The same record, had the server been one that does not keep its word. */
export const lies = {
  'does not sync the log file': (record: Record): Record => without(record, 'confab.sqlite-wal'),
  'does not sync the database at a checkpoint': (record: Record): Record => without(record, 'confab.sqlite'),
  'answers before the sync': (record: Record): Record => ({
    ...record,
    events: record.events.map(({ id, from }) => ({ id, from: beforeSync(record, from) })),
  }),
} as const;

function without(record: Record, file: string): Record {
  const isSync = (at: number): boolean => {
    const operation = record.operations[at];
    return operation?.kind === 'sync_ends' && operation.file === file;
  };
  // Left in place, as nothing: what was promised counts by the places of operations.
  const operations = record.operations.map((operation, at) =>
    isSync(at) ? { kind: 'told' as const, to: '', text: '' } : operation,
  );
  return { ...record, operations };
}

/** The place of the end of the last sync before an answer. */
function beforeSync({ operations }: Record, from: number): number {
  return operations.findLastIndex(({ kind }, at) => at < from && kind === 'sync_begins');
}
