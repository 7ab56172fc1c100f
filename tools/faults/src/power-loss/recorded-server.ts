import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lookUntil } from '../deadline.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { WrappedServer } from '../wrapped-server.ts';
import { TRACED_CALLS } from './system-calls.ts';

const TEXT_BYTES_MAX = 4 * 1024 * 1024;
const TRACE_ENDS_MS_MAX = 30_000;
const TAIL_BYTES = 4_096;

/** Whether system calls can be watched here. */
export function canTrace(): boolean {
  return (
    Bun.which('strace') !== null && Bun.spawnSync(['strace', '-D', '-o', '/dev/null', 'true']).exitCode === 0
  );
}

/**
 * The real server over one data folder, with every change that it makes to a file and every word that it says written
 * down, from run to run: `run-1.strace`, `run-2.strace`... beside the folder.
 */
export class RecordedServer implements ServerUnderTest {
  readonly nameSuffix = '';
  readonly #folder: string;
  #running: WrappedServer | undefined;
  #runs = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Over `data` in this folder, which may hold a database already. */
  static async start(folder: string): Promise<RecordedServer> {
    await mkdir(folder, { recursive: true });
    const server = new RecordedServer(folder);
    await server.start();
    return server;
  }

  get baseUrl(): string {
    if (this.#running === undefined) throw new Error('the server is not running');
    return this.#running.baseUrl;
  }

  get gatewayUrl(): string {
    return this.baseUrl;
  }

  get gatewayUrls(): readonly string[] {
    return [this.baseUrl];
  }

  get port(): number {
    return Number(new URL(this.baseUrl).port);
  }

  async start(): Promise<void> {
    this.#runs += 1;
    // So small that the log file is copied back a few times on the way.
    const settings = [`CONFAB_DATA_DIR=${join(this.#folder, 'data')}`, 'CONFAB_SQLITE_CHECKPOINT_MIB=4'];
    const options = ['-D', '-f', '-y', '-xx', '-s', String(TEXT_BYTES_MAX), '-e', `trace=${TRACED_CALLS}`];
    this.#running = await WrappedServer.start((_, command) => [
      'strace',
      ...options,
      '-o',
      this.#trace,
      'env',
      ...settings,
      ...command,
    ]);
  }

  /** `kill -9`, which leaves the log file as it is. */
  async kill(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.#traceEnded();
  }

  /** Stops it in good order, in which the log file is copied back and removed. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    await this.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #trace(): string {
    return join(this.#folder, `run-${this.#runs}.strace`);
  }

  /** It is another process that writes the trace, and ends a little later. */
  async #traceEnded(): Promise<void> {
    await lookUntil(TRACE_ENDS_MS_MAX, async () => {
      const trace = Bun.file(this.#trace);
      // The thread that a trace begins with is the last one to end.
      const [leader] = (await trace.slice(0, TAIL_BYTES).text()).split(' ', 1);
      const end = await trace.slice(Math.max(0, trace.size - TAIL_BYTES)).text();
      if (!new RegExp(`^${leader} +\\+{3} `, 'm').test(end)) throw new Error('the trace goes on');
    });
    this.#running = undefined;
  }
}
