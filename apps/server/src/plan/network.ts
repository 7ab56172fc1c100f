import { constant, type Line, product, type Quantity, sum } from './arithmetic.ts';
import type { RedisSection } from './redis.ts';
import type { Section } from './section.ts';
import type { Traffic } from './traffic.ts';
import type { Workload } from './workload.ts';

const BITS_PER_GBIT = constant('a Gbit', 1_000_000_000, 'bits/Gbit');
const BITS_PER_BYTE = constant('a byte', 8, 'bits/byte');
/** An event's frame without the body: ids, times and names of fields; then TCP and IP. */
const FRAME_AROUND_BODY = constant('frame around a body', 420, 'bytes');
const RECEIPT_FRAME = constant('frame of a receipt', 200, 'bytes');
const GBITS = (name: string) => ({ name, unit: 'Gbit/s' });

/** What crosses wires, TLS not counted. */
export function networkOf(
  workload: Workload,
  traffic: Traffic,
  { gateways, redis }: { readonly gateways: Quantity; readonly redis: RedisSection },
): Section {
  const frame = sum({ name: 'an event on the wire', unit: 'bytes' }, [workload.body, FRAME_AROUND_BODY]);
  const toGbit = (name: string, count: Quantity, bytes: Quantity, times: Quantity): Line =>
    product(GBITS(name), count, ['x', times], ['x', bytes], ['x', BITS_PER_BYTE], ['/', BITS_PER_GBIT]);
  const once = constant('once', 1, 'copies');
  const events = toGbit('events to devices', traffic.deliveries, frame, once);
  const receipts = toGbit('receipts to devices', traffic.receipts, RECEIPT_FRAME, workload.deliveries);
  const toDevices = sum(GBITS('to devices'), [events, receipts]);
  const each = product({ name: 'out of one gateway', unit: 'Gbit/s per process' }, toDevices, [
    '/',
    gateways,
  ]);
  const toStore = toGbit('into Cassandra', workload.messages, frame, workload.replicas);
  const busEvents = toGbit('messages through Redis', redis.messageFrames, frame, once);
  const busReceipts = toGbit('receipts through Redis', redis.receiptFrames, RECEIPT_FRAME, once);
  const throughRedis = sum(GBITS('out of Redis, and as much in'), [busEvents, busReceipts]);
  const pushes = product({ name: 'pushes', unit: 'pushes/s' }, traffic.lookUps, ['x', workload.pushShare]);
  return {
    title: 'Network',
    lines: [frame, events, receipts, toDevices, each, toStore, busEvents, busReceipts, throughRedis, pushes],
    remarks: ['Pushes are not built: their rate is here to plan what will send them.'],
  };
}
