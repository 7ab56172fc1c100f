import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accepts } from './accepts.mjs';
import { freePort } from './free-port.mjs';
import { LocalProcess } from './local-process.mjs';
import { PROGRAMS, requireProgram } from './programs.mjs';

const ACCEPTS_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;

/**
 * @typedef {object} RedisOptions
 * @property {string} folder  where it runs, and logs to `redis.log`; it keeps no data
 * @property {number} [port]  default: a free one
 */

/** A real Redis on this machine that keeps nothing on disk, as Confab needs nothing of it kept. */
export class Redis {
  /** @type {LocalProcess} */
  process;
  /** @type {number} */
  port;

  /**
   * @param {LocalProcess} process
   * @param {number} port
   */
  constructor(process, port) {
    this.process = process;
    this.port = port;
  }

  /** `redis://host:port` */
  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.process.pid;
  }

  /** Starts it, empty, on the same port, and waits until it takes connections. */
  async start() {
    await this.process.start();
    await this.process.untilReady(() => accepts('127.0.0.1', this.port), ACCEPTS_MS_MAX);
  }

  /** Stops it, where it runs, and starts it again, empty. */
  async restart() {
    await this.stop();
    await this.start();
  }

  /** Ends it at once, as a crash would. */
  async kill() {
    await this.process.kill();
  }

  pause() {
    this.process.pause();
  }

  resume() {
    this.process.resume();
  }

  async stop() {
    await this.process.stop(STOP_MS_MAX);
  }
}

/** Starts a Redis and waits until it takes connections. It ends with this process, however that ends. Throws a
 * ServicesError where it is not installed or does not start.
 * @param {RedisOptions} options
 * @returns {Promise<Redis>}
 */
export async function startRedis({ folder, port: wanted }) {
  const command = requireProgram(PROGRAMS.redis);
  const port = wanted ?? (await freePort());
  mkdirSync(folder, { recursive: true });
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const process_ = new LocalProcess({
    name: `Redis at 127.0.0.1:${port}`,
    command,
    args,
    folder,
    logFile: join(folder, 'redis.log'),
    environment: process.env,
    isTied: true,
  });
  const redis = new Redis(process_, port);
  await redis.start();
  return redis;
}
