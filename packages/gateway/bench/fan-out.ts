/**
 * Deliveries a second and core, of the gateway and of a bare loop over the runtime's sockets, one after the other.
 * Run: bun packages/gateway/bench/fan-out.ts [sockets = 1000] [seconds = 3]
 */
import { type BenchServer, report, startBare, startGateway, startPeers } from './servers.ts';

const [sockets = 1_000, seconds = 3] = process.argv.slice(2).map(Number);

interface Load {
  readonly name: string;
  readonly perTurn: number;
  readonly waitingBytesMax: number;
}

const LOADS: readonly Load[] = [
  { name: 'one event, written before the next', perTurn: 1, waitingBytesMax: 0 },
  { name: 'four events at once', perTurn: 4, waitingBytesMax: 0 },
  { name: 'events without a pause', perTurn: 1, waitingBytesMax: sockets * 4 * 1024 },
];

function eventJson(sequence: number): string {
  const eventId = `gAAAAAAAAAAAAAAAAAAAAAA.${sequence.toString(36)}.abcdefgh`;
  return JSON.stringify({
    type: 'message_event',
    eventId,
    conversationId: 'gAAAAAAAAAAAAAAAAAAAAAA',
    sequence,
    ordinal: sequence,
    senderId: 'uAAAAAAAAAAAAAAAAAAAAAA',
    sentAt: new Date().toISOString(),
    messageId: eventId,
    body: 'x'.repeat(200),
  });
}

/** A turn costs nothing while it waits: what the bench itself burns would count. */
const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** `perTurn` events at once, then again when all or nearly all of it is written. */
async function measure(
  server: BenchServer,
  { perTurn, waitingBytesMax }: Load,
  forMs: number,
): Promise<Record<string, number>> {
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  let deliveries = 0;
  let sequence = 0;
  let slowestMs = 0;
  while (performance.now() - startedMs < forMs) {
    const fromMs = performance.now();
    for (let count = 0; count < perTurn; count += 1) server.broadcast(eventJson((sequence += 1)), sequence);
    deliveries += perTurn * sockets;
    await turn();
    while (server.waitingBytes() > waitingBytesMax) await pause();
    slowestMs = Math.max(slowestMs, performance.now() - fromMs);
  }
  while (server.waitingBytes() > 0) await turn();
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  return {
    deliveriesPerSecond: Math.round(deliveries / tookSeconds),
    deliveriesPerCoreSecond: Math.round(deliveries / cpuSeconds),
    microsecondsEach: Number(((cpuSeconds * 1e6) / deliveries).toFixed(2)),
    slowestTurnMs: Math.round(slowestMs),
    behind: server.behind(),
  };
}

for (const load of LOADS) {
  for (const [name, start, mode] of [
    ['bare loop', startBare, 'bare'],
    ['gateway', startGateway, 'authenticate'],
  ] as const) {
    const server = start();
    const peers = await startPeers(server.port, sockets, mode);
    await measure(server, load, 500);
    report({ server: name, load: load.name, sockets, ...(await measure(server, load, seconds * 1_000)) });
    peers.kill();
    await server.stop();
  }
}
