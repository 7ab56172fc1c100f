import type { Bench } from './bench.ts';
import { measureMessages } from './measure-messages.ts';
import { makeMixedWorld, type MixedWorldSize } from './mixed-world.ts';
import type { Row } from './row.ts';
import type { Target } from './servers/target.ts';

const BODY_BYTES = 200;
const RECEIPT_EVERY_MS = 1_000;
const CUT_SHARE_PER_SECOND = 0.01;

export type MixedTraffic = {
  readonly what: string;
  readonly size: MixedWorldSize;
  readonly messagesPerSecond: number;
  readonly typingsPerSecond: number;
  readonly seconds: number;
};

/** What people do all day, all at once: messages in pairs and groups, receipts, typing, and networks that come and go. */
export async function measureMixed(bench: Bench, target: Target, traffic: MixedTraffic): Promise<Row> {
  const { what, size, messagesPerSecond, typingsPerSecond, seconds } = traffic;
  bench.progress(`${target.subject}: making ${size.people} people and their conversations`);
  const { devices, lanes } = await makeMixedWorld(target, size);
  const besides = {
    receiptEveryMs: RECEIPT_EVERY_MS,
    typingsPerSecond,
    cutsPerSecond: size.people * CUT_SHARE_PER_SECOND,
  };
  const load = { processNumber: 1, devices, lanes, bodyBytes: BODY_BYTES, readersEach: 0, besides };
  const drive = { kind: 'open', perSecond: messagesPerSecond } as const;
  return await measureMessages(bench, { what, target, plans: [load], drive, seconds });
}
