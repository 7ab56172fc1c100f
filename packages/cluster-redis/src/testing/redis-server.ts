import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether tests that need a Redis can run. */
export const hasRedis = Bun.which('redis-server') !== null;

/** A Redis of the test's own that keeps nothing on disk. */
export class RedisServer {
  readonly port: number;
  readonly #arguments: readonly string[];
  #process: Bun.Subprocess<'ignore', 'pipe', 'ignore'>;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.#arguments = more;
    this.#process = this.#spawn();
  }

  static async start(...more: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more);
    await server.#isReady();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** It is killed, and comes back without memory. */
  async restart(): Promise<void> {
    await this.stop();
    this.#process = this.#spawn();
    await this.#isReady();
  }

  /** It does not answer, though its connections stay. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
    rmSync(join(tmpdir(), this.#copyName), { force: true });
  }

  /** A replica takes what it is sent by way of a file. */
  get #copyName(): string {
    return `confab-redis-${this.port}.rdb`;
  }

  #spawn(): Bun.Subprocess<'ignore', 'pipe', 'ignore'> {
    const memoryOnly = [
      '--save',
      '',
      '--appendonly',
      'no',
      '--bind',
      '127.0.0.1',
      '--port',
      String(this.port),
      '--dir',
      tmpdir(),
      '--dbfilename',
      this.#copyName,
    ];
    return Bun.spawn(['redis-server', ...memoryOnly, ...this.#arguments], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    });
  }

  async #isReady(): Promise<void> {
    let said = '';
    for await (const chunk of this.#process.stdout) {
      said += Buffer.from(chunk).toString();
      if (said.includes('Ready to accept connections')) return;
    }
    throw new Error(`redis-server ended: ${said}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
