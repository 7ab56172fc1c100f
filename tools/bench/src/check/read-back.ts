import type { Evidence } from '../load/evidence.ts';
import { readBody } from '../load/message-text.ts';
import { forEach, readLog } from '../servers/http-calls.ts';
import { firstUrlOf, type Target } from '../servers/target.ts';
import { NO_NUMBER } from './fingerprint.ts';

const LOGS_AT_ONCE = 8;

/** A log as the server gave it out afterwards. */
export type ReadBack = {
  readonly conversationId: string;
  /** In the order of the log. Where it has no hole, the first is 1 and the others follow. */
  readonly sequences: readonly number[];
  /** The message at each of them; NO_NUMBER for other events. */
  readonly numbers: readonly number[];
};

/** Reads every conversation of the evidence, each as one of its members: on a fleet through its last node. */
export async function readLogs(
  target: Target,
  all: readonly Evidence[],
): Promise<ReadonlyMap<string, ReadBack>> {
  const readers = new Map<string, string>();
  for (const { conversationIds, conversationReaders } of all)
    conversationIds.forEach((id, at) => readers.set(id, conversationReaders[at] ?? ''));
  const url = target.urls.at(-1) ?? firstUrlOf(target);
  const logs = await forEach(
    [...readers],
    async ([conversationId, subject]) => {
      const sequences: number[] = [];
      const numbers: number[] = [];
      for await (const page of readLog(url, subject, conversationId)) {
        for (const { sequence, type, body } of page) {
          const said = type === 'message_event' ? readBody(body ?? '') : null;
          sequences.push(sequence);
          numbers.push(said?.number ?? NO_NUMBER);
        }
      }
      return { conversationId, sequences, numbers };
    },
    LOGS_AT_ONCE,
  );
  return new Map(logs.map((log) => [log.conversationId, log]));
}
