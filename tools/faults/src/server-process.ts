import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bell, within } from './deadline.ts';
import { FAIL_POINT_FOLDER, FAIL_POINT_SERVER, ServerFailPoints } from './fail-points/server-fail-points.ts';
import { type Environment, SERVER_SETTINGS } from './server-settings.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const root = join(import.meta.dir, '../../..');
const ADDRESS = /https?:\/\/127\.0\.0\.1:(\d+)/;
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 20_000;

/** How a run of the server ended. */
export type Exit = {
  readonly code: number | null;
  readonly signal: string | number | null;
  readonly output: string;
};

/** What is run as the server. */
export type Program = {
  /** The file that starts it, from the root of the repository. */
  readonly main: string;
  /** Puts a command in front of the server's own, which has to end as that server; `folder` is where its data folder will be. */
  readonly wrap: (folder: string, server: readonly string[]) => readonly string[];
};

/** The server as it is installed. */
export const PLAIN_SERVER: Program = { main: 'apps/server/src/main.ts', wrap: (_folder, server) => server };

/** The server with fail points in it, none of them armed at a start. */
export const FAILING_SERVER: Program = { ...PLAIN_SERVER, main: FAIL_POINT_SERVER };

type Run = {
  readonly child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>;
  readonly bell: Bell;
  output: string;
};

/**
 * The real server as a child process, with a data folder of its own that outlives each run. `await using` kills it and
 * removes the folder.
 */
export class ServerProcess implements ServerUnderTest {
  /** Its store is its own. */
  readonly nameSuffix = '';
  /** Its fail points, where it is run with them. */
  readonly failPoints: ServerFailPoints;
  readonly #settings: Environment;
  readonly #program: Program;
  readonly #folder: string;
  #run: Run | undefined;
  #port = 0;

  private constructor(folder: string, settings: Environment, program: Program) {
    this.#folder = folder;
    this.#settings = { ...settings, [FAIL_POINT_FOLDER]: folder };
    this.#program = program;
    this.failPoints = new ServerFailPoints(folder);
  }

  static async start(settings: Environment = {}, program: Program = PLAIN_SERVER): Promise<ServerProcess> {
    const server = new ServerProcess(await mkdtemp(join(tmpdir(), 'confab-faults-')), settings, program);
    await server.start();
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get gatewayUrl(): string {
    return this.baseUrl;
  }

  get gatewayUrls(): readonly string[] {
    return [this.baseUrl];
  }

  get port(): number {
    return this.#port;
  }

  get dataDir(): string {
    return join(this.#folder, 'data');
  }

  get pid(): number {
    return this.#running().child.pid;
  }

  /** What the present run has printed so far. */
  get output(): string {
    return this.#running().output;
  }

  /** Starts it, on the port it had before, and waits until it has said its address. */
  async start(): Promise<void> {
    const run = this.#launch({});
    this.#run = run;
    const address = () => ADDRESS.exec(run.output)?.[1];
    const isSettled = () => address() !== undefined || run.child.exitCode !== null;
    await run.bell.until(isSettled, () => `an address in: ${run.output}`, START_LIMIT_MS);
    const port = address();
    if (port === undefined) throw new Error(`the server did not start:\n${run.output}`);
    this.#port = Number(port);
    const ready = await fetch(`${this.baseUrl}/readyz`);
    if (!ready.ok) throw new Error(`the server said its address but /readyz says ${ready.status}`);
  }

  /** Runs a second server, with settings that differ, to its end; kills it when it does not end by itself. */
  async startAnother(settings: Environment): Promise<Exit> {
    return endOf(this.#launch(settings));
  }

  /** `kill -9`, and gone when this resolves. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#running().child.kill(name);
  }

  async ended(limitMs = STOP_LIMIT_MS): Promise<Exit> {
    const run = this.#running();
    await within(limitMs, 'the end of the server', run.child.exited);
    this.#run = undefined;
    return { code: run.child.exitCode, signal: run.child.signalCode, output: run.output };
  }

  /** Stops it in good order: the way before a copy of the folder is taken. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.ended();
  }

  async saveDataAs(name: string): Promise<void> {
    await cp(this.dataDir, join(this.#folder, name), { recursive: true });
  }

  async restoreData(name: string): Promise<void> {
    await this.wipeData();
    await cp(join(this.#folder, name), this.dataDir, { recursive: true });
  }

  async wipeData(): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#run !== undefined && this.#run.child.exitCode === null) {
      this.#run.child.kill('SIGKILL');
      await this.#run.child.exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #launch(settings: Environment): Run {
    const { main, wrap } = this.#program;
    const place = { CONFAB_PORT: String(this.#port), CONFAB_DATA_DIR: this.dataDir };
    const command = wrap(this.#folder, [process.execPath, main, 'start']);
    return launch(command, { ...this.#settings, ...place, ...settings });
  }

  #running(): Run {
    if (this.#run === undefined) throw new Error('the server is not running');
    return this.#run;
  }
}

function launch(command: readonly string[], settings: Environment): Run {
  const child = Bun.spawn([...command], {
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      CONFAB_HOST: '127.0.0.1',
      ...SERVER_SETTINGS,
      ...settings,
    },
  });
  const run: Run = { child, bell: new Bell(), output: '' };
  void listen(run, child.stdout);
  void listen(run, child.stderr);
  void child.exited.then(() => run.bell.ring());
  return run;
}

async function endOf(run: Run): Promise<Exit> {
  try {
    await within(STOP_LIMIT_MS, 'the end of the second server', run.child.exited);
    return { code: run.child.exitCode, signal: run.child.signalCode, output: run.output };
  } finally {
    run.child.kill('SIGKILL');
  }
}

async function listen(run: Run, stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    run.output += decoder.decode(chunk, { stream: true });
    run.bell.ring();
  }
}
