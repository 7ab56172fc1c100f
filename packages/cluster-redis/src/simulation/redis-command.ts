import type { ScriptCalls } from '../connection/scripts.ts';
import type { RedisMemory } from './redis-memory.ts';

/** What changes or reads keys: the commands and scripts of this room, with what they are given. */
export type RedisCommand =
  | readonly [name: 'hset', hash: string, field: string, value: string]
  | readonly [name: 'expire', key: string, seconds: number]
  | {
      [Script in keyof ScriptCalls]: readonly [name: Script, ...given: Parameters<ScriptCalls[Script]>];
    }[keyof ScriptCalls];

interface Step {
  readonly memory: RedisMemory;
  readonly nowMs: number;
}

/**
 * Carries out a command in one step, as Redis does: the scripts are those of `scripts.ts`, written once more here, and
 * a test runs the same commands in both.
 */
export function execute(command: RedisCommand, memory: RedisMemory, nowMs: number): unknown {
  const step = { memory, nowMs };
  switch (command[0]) {
    case 'hset':
      return putField(step, command[1], [command[2], command[3]]);
    case 'expire':
      return memory.expire(command[1], nowMs + command[2] * 1_000, nowMs);
    case 'confabLease':
      return writeLease(step, command.slice(1));
    case 'confabLeave':
      return leave(step, command.slice(1));
    case 'confabPoll':
      return poll(step, command.slice(1));
    case 'confabRows':
      return rows(step, command.slice(2) as string[]);
    case 'confabRelease':
      return release(step, command.slice(1));
    case 'confabForget':
      return forget(step, command.slice(1));
  }
}

function putField({ memory, nowMs }: Step, hash: string, [field, value]: readonly [string, string]): number {
  const fields = memory.hash(hash, nowMs);
  const isNew = !fields.has(field);
  fields.set(field, value);
  return isNew ? 1 : 0;
}

type LeaseArguments = [
  key: string,
  nodes: string,
  changes: string,
  node: string,
  bootId: string,
  run: string,
  text: string,
  leaseMs: string,
  way: string,
  changed: string,
];

function writeLease({ memory, nowMs }: Step, given: readonly string[]): string {
  const [key, nodes, changes, node, bootId, run, text, leaseMs, way, changed] = given as LeaseArguments;
  const held = memory.text(key, nowMs);
  if (held !== null && way !== 'take' && !held.startsWith(`${bootId}~`)) return 'taken';
  if (way === 'keep' && held?.startsWith(`${run} `) !== true) return 'lapsed';
  memory.setText(key, text, nowMs + Number(leaseMs));
  memory.set(nodes, nowMs).add(node);
  if (changed === 'changed') memory.increment(changes, nowMs);
  return 'held';
}

function leave({ memory, nowMs }: Step, given: readonly string[]): number {
  const [key = '', nodes = '', changes = '', node = '', bootId = ''] = given;
  if (memory.text(key, nowMs)?.startsWith(`${bootId}~`) !== true) return 0;
  memory.remove(key);
  memory.set(nodes, nowMs).delete(node);
  memory.removeIfEmpty(nodes);
  memory.increment(changes, nowMs);
  return 1;
}

function poll({ memory, nowMs }: Step, given: readonly string[]): string[] {
  const [generationKey = '', nodes = '', changes = '', newGeneration = '', leasePrefix = ''] = given;
  let generation = memory.text(generationKey, nowMs);
  if (generation === null) {
    generation = newGeneration;
    memory.setText(generationKey, generation, Infinity);
  }
  const answer = [memory.runId, generation, memory.text(changes, nowMs) ?? '0', ''];
  for (const node of memory.set(nodes, nowMs)) {
    const lease = memory.text(leasePrefix + node, nowMs);
    if (lease === null) memory.set(nodes, nowMs).delete(node);
    else answer.push(node, lease);
  }
  memory.removeIfEmpty(nodes);
  return answer;
}

function rows({ memory, nowMs }: Step, [generation = '', changes = '', ...hashes]: string[]): string[] {
  const answer = [memory.text(generation, nowMs) ?? '', memory.text(changes, nowMs) ?? '0'];
  for (const hash of hashes) {
    answer.push([...memory.hash(hash, nowMs).values()].join('\n'));
    memory.removeIfEmpty(hash);
  }
  return answer;
}

function release({ memory, nowMs }: Step, [hash = '', field = '', row = '']: readonly string[]): number {
  const fields = memory.hash(hash, nowMs);
  const removed = fields.get(field) === row && fields.delete(field) ? 1 : 0;
  memory.removeIfEmpty(hash);
  return removed;
}

function forget({ memory, nowMs }: Step, given: readonly string[]): number {
  const [hash = '', lease = '', row = '', run = ''] = given;
  if (memory.text(lease, nowMs)?.startsWith(`${run} `) === true) return 0;
  let removed = 0;
  const fields = memory.hash(hash, nowMs);
  for (const [field, value] of fields) if (value === row && fields.delete(field)) removed += 1;
  memory.removeIfEmpty(hash);
  return removed;
}
