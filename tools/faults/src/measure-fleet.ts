// The same for a fleet: gateways over one Cassandra that syncs every write, with sockets to each gateway in turn. What a
// processor time is per is the work of all gateways together; what Cassandra took of the machine stands in the remark.
import { FleetProcess } from './fleet/fleet-process.ts';
import { measureDelivery, measureMany } from './measure/fleet-rows.ts';
import { processorUs } from './measure/process-meter.ts';
import { measureHot, measureIdle, measurePairs, type Row, type Target } from './measure/rows.ts';
import { printTable } from './measure/table.ts';

const IDLE = Number(process.env['CONFAB_MEASURE_IDLE'] ?? '3000');
const MESSAGES = 500;

await using fleet = await FleetProcess.startOnRing(1);
const target: Target = {
  urls: fleet.nodes.map(({ url }) => url),
  pids: fleet.nodes.flatMap(({ pid }) => pid ?? []),
  isBare: false,
};
const cassandraPids = (fleet.cassandra?.pids ?? []).filter((pid) => pid !== null);

/** Adds to a row how many processors Cassandra was busy on meanwhile. */
async function besideCassandra(measure: () => Promise<Row>): Promise<Row> {
  const usedBefore = processorUs(cassandraPids);
  const fromMs = performance.now();
  const row = await measure();
  const cores = (processorUs(cassandraPids) - usedBefore) / 1_000 / (performance.now() - fromMs);
  const remark = [row.remark, `Cassandra on ${cores.toFixed(2)} processors`];
  return { ...row, remark: remark.filter((part) => part !== undefined).join('; ') };
}

await printTable(
  [
    async () => measureHot(target, 50, 20),
    async () => measureHot(target, 50, 60),
    async () => measureMany(target, 1_000),
    async () => measurePairs(target, 100),
    async () => measureDelivery(target, { from: 0, to: 0, messages: MESSAGES }),
    async () => measureDelivery(target, { from: 0, to: 1, messages: MESSAGES }),
    async () => measureIdle(target, IDLE),
  ].map((measure) => async () => besideCassandra(measure)),
);
