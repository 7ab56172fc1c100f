import type { Database } from 'bun:sqlite';
import {
  type Accounts,
  type Archive,
  checkCommit,
  type CommitOutcome,
  type CommitRequest,
  type ConversationLog,
  type Cursors,
  type Devices,
  EVENTS_PER_COMMIT_MAX,
  type Views,
  type WorkQueue,
} from '@confab/contracts';
import { ArchiveReader } from './archive/archive-reader.ts';
import { AccountReader, DeviceReader } from './reader/read-accounts.ts';
import { CursorReader } from './reader/read-cursors.ts';
import { LogReader } from './reader/read-log.ts';
import { ViewReader } from './reader/read-views.ts';
import { type WriterClient, WriteRefused } from './writer-client.ts';

/** The ports over one file: reads on this thread, writes through the writer. */
export interface StorePorts {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly archive: Archive;
}

export function createPorts(db: Database, writer: WriterClient): StorePorts {
  const views = new ViewReader(db);
  const devices = new DeviceReader(db);
  return {
    log: createLog(db, writer),
    views: {
      list: async (request) => views.list(request),
      getMany: async (view, places) => views.getMany(view, places),
      counts: async (questions) => views.counts(questions),
      watermark: async (conversationId) => views.watermark(conversationId),
    },
    work: {
      claim: (request) => writer.write('claim', request),
      complete: async (workIds) => void (await writer.write('complete', { workIds })),
      retry: async (workIds, dueAtMs) => void (await writer.write('retry', { workIds, dueAtMs })),
    },
    cursors: createCursors(db, writer),
    accounts: createAccounts(db, writer),
    devices: createDevices(devices, writer),
    archive: createArchive(db, devices, writer),
  };
}

function createLog(db: Database, writer: WriterClient): ConversationLog {
  const reader = new LogReader(db);
  return {
    commit: (request) => commit(writer, request),
    room: () => EVENTS_PER_COMMIT_MAX,
    heads: async (conversationIds) => reader.heads(conversationIds),
    read: async (request) => reader.read(request),
    findByClientIds: async (conversationId, keys) => reader.findByClientIds(conversationId, keys),
    countOwn: async (questions) => reader.countOwn(questions),
  };
}

async function commit(writer: WriterClient, request: CommitRequest): Promise<CommitOutcome> {
  checkCommit(request, EVENTS_PER_COMMIT_MAX);
  try {
    return (await writer.write('commit', request)) ?? { kind: 'committed' };
  } catch (error) {
    if (error instanceof WriteRefused) return { kind: 'unavailable', reason: error.message };
    throw error;
  }
}

function createCursors(db: Database, writer: WriterClient): Cursors {
  const reader = new CursorReader(db);
  return {
    advance: async (advances) => void (await writer.write('advance', { advances })),
    ofConversation: async (conversationId) => reader.ofConversation(conversationId),
    get: async (places) => reader.get(places),
  };
}

function createAccounts(db: Database, writer: WriterClient): Accounts {
  const reader = new AccountReader(db);
  return {
    create: (account) => writer.write('create_account', account),
    putExternal: async (user) => void (await writer.write('put_external', user)),
    byIds: async (userIds) => reader.byIds(userIds),
    credentials: async (foldedUsername) => reader.credentials(foldedUsername),
    search: async (foldedPrefix, limit) => reader.search(foldedPrefix, limit),
  };
}

function createDevices(reader: DeviceReader, writer: WriterClient): Devices {
  return {
    signIn: (device, devicesMax) => writer.write('sign_in', { device, devicesMax }),
    get: async (userId, deviceId) => reader.get(userId, deviceId),
    list: async (userId) => reader.list(userId),
    rotate: (request) => writer.write('rotate', request),
    revoke: (userId, deviceId, atMs) => writer.write('revoke', { userId, deviceId, atMs }),
    touch: async (userId, deviceId, lastSeenAt) =>
      void (await writer.write('touch', { userId, deviceId, lastSeenAt })),
    revokedAmong: async (devices) => reader.revokedAmong(devices),
  };
}

function createArchive(db: Database, devices: DeviceReader, writer: WriterClient): Archive {
  const reader = new ArchiveReader(db, (userId) => devices.list(userId));
  return {
    conversations: async (after, limit) => reader.conversations(after, limit),
    events: async (conversationId, after, limit) => reader.events(conversationId, after, limit),
    cursors: async (conversationId, after, limit) => reader.cursors(conversationId, after, limit),
    accounts: async (after, limit) => reader.accounts(after, limit),
    work: async (after, limit) => reader.work(after, limit),
    putAccount: async (account) => void (await writer.write('put_account', account)),
    putWork: async (items) => void (await writer.write('put_work', { items })),
  };
}
