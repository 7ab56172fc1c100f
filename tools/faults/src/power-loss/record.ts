import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Attempt } from '../history.ts';
import type { Owed } from './check-store.ts';
import type { DiskOperation } from './disk-operation.ts';
import { SystemCalls } from './system-calls.ts';

/** Something that somebody was told, and from which operation on. */
type Promised = { readonly id: string; readonly from: number };

/** What a server did with its folder from its first moment on, and what it owes to whom. */
export type Record = {
  readonly initial: ReadonlyMap<string, Uint8Array>;
  readonly operations: readonly DiskOperation[];
  /** Events that were acknowledged, delivered or shown to anybody. */
  readonly events: readonly Promised[];
  /** Users that somebody was told of. */
  readonly users: readonly Promised[];
  /** The text of each message that was said, by its clientMessageId. */
  readonly bodies: ReadonlyMap<string, string>;
};

const NOTES = 'said.json';
const EVENT = /"(?:eventId|messageId)":"([\w-]+\.[0-9a-z]+\.[\w-]+)"/g;
const USER = /"userId":"([\w-]+)"/g;
/** A word may be split between two sends, at most so long. */
const SPLIT_CHARACTERS_MAX = 256;

/** What belongs to the traces of a folder: what was said, and what was owed before the first run. */
type Notes = {
  readonly bodies: readonly (readonly [clientMessageId: string, body: string])[];
  readonly events: readonly string[];
  readonly users: readonly string[];
};

/** Writes down what was said, and what was owed `before`, beside the traces, so that all can be read again. */
export async function noteSaid(folder: string, attempts: readonly Attempt[], before: Owed): Promise<void> {
  const said = attempts.map(({ clientMessageId, body }) => [clientMessageId, body] as const);
  const notes: Notes = {
    bodies: [...before.bodies, ...said],
    events: [...before.events],
    users: [...before.users],
  };
  await writeFile(join(folder, NOTES), JSON.stringify(notes));
}

/** Of a server that began with nothing. */
export const nothingOwed: Owed = { events: new Set(), users: new Set(), bodies: new Map() };

/** What was owed when an operation began. */
export function owedAt(record: Record, at: number): Owed {
  const before = (all: readonly Promised[]): Set<string> =>
    new Set(all.filter(({ from }) => from < at).map(({ id }) => id));
  return { bodies: record.bodies, events: before(record.events), users: before(record.users) };
}

/** Reads a folder in which `RecordedServer` has run. `initial`, if it is there, is what `data` held before. */
export async function readRecord(folder: string): Promise<Record> {
  const initial = filesIn(join(folder, 'initial'));
  const operations: DiskOperation[] = [];
  let sizes = new Map([...initial].map(([name, bytes]) => [name, bytes.length]));
  for (let run = 1; existsSync(join(folder, `run-${run}.strace`)); run += 1) {
    const calls = new SystemCalls(join(folder, 'data'), sizes);
    const input = createReadStream(join(folder, `run-${run}.strace`), { encoding: 'latin1' });
    for await (const line of createInterface({ input })) calls.readLine(line);
    for (const operation of calls.operations) operations.push(renamed(operation, run));
    sizes = new Map(calls.files);
  }
  const notes = JSON.parse(readFileSync(join(folder, NOTES), 'utf8')) as Notes;
  const told = toldOf(operations);
  return {
    initial,
    operations,
    events: [...owedBefore(notes.events), ...told.events],
    users: [...owedBefore(notes.users), ...told.users],
    bodies: new Map(notes.bodies),
  };
}

function filesIn(folder: string): Map<string, Uint8Array> {
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}

/** Syncs and listeners of two runs are not the same, whatever their numbers. */
function renamed(operation: DiskOperation, run: number): DiskOperation {
  switch (operation.kind) {
    case 'sync_begins':
    case 'sync_ends':
      return { ...operation, sync: operation.sync + run * 1e9 };
    case 'told':
      return { ...operation, to: `${run}:${operation.to}` };
    default:
      return operation;
  }
}

/** From which operation on each id has been told to anybody. */
function toldOf(operations: readonly DiskOperation[]): { events: Promised[]; users: Promised[] } {
  const events = new Map<string, number>();
  const users = new Map<string, number>();
  const ends = new Map<string, string>();
  operations.forEach((operation, at) => {
    if (operation.kind !== 'told') return;
    const text = (ends.get(operation.to) ?? '') + operation.text;
    ends.set(operation.to, text.slice(-SPLIT_CHARACTERS_MAX));
    for (const [pattern, known] of [
      [EVENT, events],
      [USER, users],
    ] as const) {
      for (const [, id] of text.matchAll(pattern)) if (id !== undefined && !known.has(id)) known.set(id, at);
    }
  });
  return { events: promised(events), users: promised(users) };
}

function owedBefore(ids: readonly string[]): Promised[] {
  return ids.map((id) => ({ id, from: -1 }));
}

function promised(known: ReadonlyMap<string, number>): Promised[] {
  return [...known].map(([id, from]) => ({ id, from }));
}
