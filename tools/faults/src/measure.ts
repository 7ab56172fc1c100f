// Quick measurements of a real server, beside a bare Bun.serve in the same run. The numbers say something about this
// machine only in proportion to the bare ones. The generator is one process: where its own share of a core is near
// 100 %, it is what was measured.
import { join } from 'node:path';
import { printTable } from './measure/table.ts';
import {
  measureConnects,
  measureFanOut,
  measureHot,
  measureIdle,
  measurePairs,
  measureStart,
  type Row,
  type Target,
} from './measure/rows.ts';
import { ServerProcess } from './server-process.ts';

const IDLE = Number(process.env['CONFAB_MEASURE_IDLE'] ?? '5000');

async function withBare<T>(measure: (target: Target) => Promise<T>): Promise<T> {
  const script = join(import.meta.dir, 'measure/bare-server.ts');
  const child = Bun.spawn([process.execPath, script], { stdout: 'pipe', stderr: 'inherit' });
  try {
    for await (const chunk of child.stdout) {
      const baseUrl = new TextDecoder().decode(chunk).trim();
      return await measure({ urls: [baseUrl], pids: [child.pid], isBare: true });
    }
    throw new Error('the bare server said no address');
  } finally {
    child.kill();
    await child.exited;
  }
}

async function withConfab<T>(measure: (target: Target) => Promise<T>): Promise<T> {
  await using server = await ServerProcess.start();
  return await measure({ urls: [server.baseUrl], pids: [server.pid], isBare: false });
}

const STEPS: readonly (() => Promise<Row>)[] = [
  async () => withBare(async (target) => measurePairs(target, 100)),
  async () => withConfab(async (target) => measurePairs(target, 100)),
  async () => withConfab(async (target) => measureHot(target, 50, 20)),
  async () => withBare(async (target) => measureFanOut(target, 1000, 500)),
  async () => withConfab(async (target) => measureFanOut(target, 1000, 500)),
  async () => withBare(async (target) => measureConnects(target, 1000, 'bare connect and hello')),
  async () =>
    withConfab(async (target) => measureConnects(target, 1000, 'connect, authenticate, ready: new users')),
  async () =>
    withConfab(async (target) => {
      await measureConnects(target, 1000, '');
      return measureConnects(target, 1000, 'connect, authenticate, ready: known users');
    }),
  async () => withBare(async (target) => measureIdle(target, IDLE)),
  async () => withConfab(async (target) => measureIdle(target, IDLE)),
  measureStart,
];

await printTable(STEPS);
