/**
 * Memory of an idle connection: of the gateway (authenticated, live) and of a bare socket of the runtime, each in a
 * process of its own, and how fast they connected.
 * Run: bun packages/gateway/bench/idle-memory.ts [sockets = 5000]
 */
import { report, startBare, startGateway, startPeers } from './servers.ts';

const sockets = Number(process.argv[2] ?? 5_000);
const one = process.argv[3];
const WARM_UP_SOCKETS = 200;

async function settledRss(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    Bun.gc(true);
    await new Promise<void>((resolve) => void setTimeout(resolve, 100));
  }
  return process.memoryUsage.rss();
}

async function measure(name: 'bare' | 'gateway'): Promise<void> {
  const server = name === 'bare' ? startBare() : startGateway();
  const mode = name === 'bare' ? 'bare' : 'authenticate';
  const warm = await startPeers(server.port, WARM_UP_SOCKETS, mode);
  const before = await settledRss();
  const startedMs = performance.now();
  const peers = await startPeers(server.port, sockets, mode);
  const tookMs = performance.now() - startedMs;
  const bytes = (await settledRss()) - before;
  report({
    server: name,
    sockets,
    bytesEach: Math.round(bytes / sockets),
    connectsPerSecond: Math.round((sockets * 1_000) / tookMs),
  });
  warm.kill();
  peers.kill();
  await server.stop();
}

if (one === 'bare' || one === 'gateway') {
  await measure(one);
} else {
  for (const name of ['bare', 'gateway']) {
    const run = Bun.spawn([process.execPath, import.meta.path, `${sockets}`, name], {
      stdout: 'inherit',
      stderr: 'inherit',
    });
    await run.exited;
  }
}
