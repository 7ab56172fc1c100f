import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subject } from '../row.ts';
import { SERVER_SETTINGS, type Settings } from './server-settings.ts';
import type { Target } from './target.ts';

const ADDRESS = /https?:\/\/127\.0\.0\.1:(\d+)/;
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;
/** What a process needs of its surroundings; no setting of whoever starts the bench slips in. */
const SURROUNDINGS = ['PATH', 'HOME', 'TMPDIR', 'TZ'];

/** Those that run: where this process ends in the middle of a measurement, they end with it. */
const running = new Set<ServerProcess>();
process.on('exit', () => running.forEach((server) => server.abandon()));

export type ServerPlan = {
  readonly subject: Subject;
  readonly speaks: 'log' | 'echo';
  /** Program and arguments. It prints its address once it takes requests, and ends at SIGTERM. */
  readonly command: readonly string[];
  /** Besides those that every server is given. */
  readonly settings: Settings;
};

/**
 * A server of its own process, on an empty folder of its own. It can be killed and started again, on the same port and
 * folder. `await using` stops it in good order and removes the folder.
 */
export class ServerProcess implements Target, AsyncDisposable {
  readonly subject: Subject;
  readonly speaks: 'log' | 'echo';
  readonly storePids = [];
  readonly #plan: ServerPlan;
  readonly #folder: string;
  #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | null = null;
  #port = 0;

  private constructor(plan: ServerPlan, folder: string) {
    this.subject = plan.subject;
    this.speaks = plan.speaks;
    this.#plan = plan;
    this.#folder = folder;
  }

  static async start(plan: ServerPlan): Promise<ServerProcess> {
    const server = new ServerProcess(plan, await mkdtemp(join(tmpdir(), 'confab-bench-')));
    running.add(server);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get urls(): readonly string[] {
    return [this.url];
  }

  get pid(): number {
    if (this.#child === null) throw new Error(`${this.subject} does not run`);
    return this.#child.pid;
  }

  get pids(): readonly number[] {
    return [this.pid];
  }

  get dataFolder(): string {
    return join(this.#folder, 'data');
  }

  /** Starts it and waits until it says its address. Throws with what it printed where it ends instead. */
  async start(): Promise<void> {
    const { command, settings } = this.#plan;
    const child = Bun.spawn([...command], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: {
        ...surroundings(),
        ...SERVER_SETTINGS,
        CONFAB_PORT: String(this.#port),
        CONFAB_DATA_DIR: this.dataFolder,
        ...settings,
      },
    });
    this.#child = child;
    this.#port = await portSaid(this.subject, child);
  }

  /** `kill -9`, and gone when this resolves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it send its connections away and end. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
      running.delete(this);
    }
  }

  /** Ends it and removes its folder, all at once: there is no time left. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await child.exited;
    clearTimeout(patience);
  }
}

function surroundings(): Settings {
  return Object.fromEntries(SURROUNDINGS.map((name) => [name, process.env[name] ?? '']));
}

/** Reads what the server prints for as long as it runs, so that it never waits for a reader. */
async function portSaid(subject: Subject, child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>): Promise<number> {
  const said = Promise.withResolvers<number>();
  const patience = setTimeout(() => said.reject(new Error(`${subject} said no address`)), START_MS_MAX);
  let output = '';
  let hasSaid = false;
  const listen = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      if (hasSaid) {
        process.stderr.write(`${subject}: ${text}`);
        continue;
      }
      output += text;
      const port = ADDRESS.exec(output)?.[1];
      if (port === undefined) continue;
      hasSaid = true;
      said.resolve(Number(port));
    }
  };
  void Promise.all([listen(child.stdout), listen(child.stderr)]);
  void child.exited.then((code) => said.reject(new Error(`${subject} ended with ${code}:\n${output}`)));
  try {
    return await said.promise;
  } finally {
    clearTimeout(patience);
  }
}
