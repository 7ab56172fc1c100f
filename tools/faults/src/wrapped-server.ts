import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bell } from './deadline.ts';
import { SERVER_SETTINGS } from './server-settings.ts';

const root = join(import.meta.dir, '../../..');
const ADDRESS = /https?:\/\/127\.0\.0\.1:\d+/;
const START_LIMIT_MS = 60_000;

/** Puts a command in front of the server's own; `folder` is where the data folder will be. */
export type Wrap = (folder: string, server: readonly string[]) => readonly string[];

/** The real server inside another program, such as one that watches its system calls. `await using` kills both. */
export class WrappedServer {
  readonly folder: string;
  readonly baseUrl: string;
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>;

  private constructor(folder: string, baseUrl: string, child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>) {
    this.folder = folder;
    this.baseUrl = baseUrl;
    this.#child = child;
  }

  static async start(wrap: Wrap): Promise<WrappedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'confab-wrapped-'));
    const command = wrap(folder, [process.execPath, 'apps/server/src/main.ts', 'start']);
    const child = Bun.spawn([...command], {
      cwd: root,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        CONFAB_HOST: '127.0.0.1',
        CONFAB_PORT: '0',
        CONFAB_DATA_DIR: join(folder, 'data'),
        ...SERVER_SETTINGS,
        CONFAB_LOG_LEVEL: 'error',
      },
    });
    const bell = new Bell();
    const said = { output: '', isOver: false };
    void (async () => {
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        said.output += chunk;
        bell.ring();
      }
      said.isOver = true;
      bell.ring();
    })();
    const address = () => ADDRESS.exec(said.output)?.[0];
    const isSettled = () => address() !== undefined || said.isOver;
    await bell.until(isSettled, () => `an address in: ${said.output}`, START_LIMIT_MS);
    const baseUrl = address();
    if (baseUrl === undefined) throw new Error(`the server did not start:\n${said.output}`);
    return new WrappedServer(folder, baseUrl, child);
  }

  /** Stops it in good order, and what it runs in with it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#child.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}
