import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepts } from './accepts.mjs';
import { LocalProcess } from './local-process.mjs';
import { PROGRAMS, requireProgram } from './programs.mjs';

const ACCEPTS_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;

/**
 * @typedef {object} HaproxyOptions
 * @property {string} folder  of its configuration
 * @property {string} [logFolder]  default: the folder; it logs to `haproxy.log`
 * @property {number} port  where it listens, at 127.0.0.1
 * @property {readonly {readonly name: string, readonly port: number}[]} servers  what it balances, at 127.0.0.1
 */

/** A real HAProxy on this machine. */
export class Haproxy {
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

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    await this.process.stop(STOP_MS_MAX);
  }
}

/** Starts an HAProxy in TCP mode and waits until it takes connections. It sends new connections to the server with
 * the fewest, and none to one whose /readyz does not say 200. It ends with this process, however that ends. Throws a
 * ServicesError where it is not installed or does not start.
 * @param {HaproxyOptions} options
 * @returns {Promise<Haproxy>}
 */
export async function startHaproxy({ folder, logFolder = folder, port, servers }) {
  const command = requireProgram(PROGRAMS.haproxy);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, haproxyConfig(port, servers));
  const haproxy = new LocalProcess({
    name: `HAProxy at 127.0.0.1:${port}`,
    command,
    args: ['-db', '-f', file],
    folder,
    logFile: join(logFolder, 'haproxy.log'),
    environment: process.env,
    isTied: true,
  });
  await haproxy.start();
  await haproxy.untilReady(() => accepts('127.0.0.1', port), ACCEPTS_MS_MAX);
  return new Haproxy(haproxy, port);
}

/**
 * @param {number} port
 * @param {HaproxyOptions['servers']} servers
 */
function haproxyConfig(port, servers) {
  return `global
  log stdout format raw local0 notice

defaults
  mode tcp
  log global
  timeout connect 2s
  # The server pings every 25 s: what is silent for longer is gone.
  timeout client 90s
  timeout server 90s
  timeout check 2s
  retries 2
  option redispatch

frontend chat
  bind 127.0.0.1:${port}
  default_backend gateways

backend gateways
  balance leastconn
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host 127.0.0.1
  http-check expect status 200
  # After a first failed check the next ones come fast.
  default-server check inter 500ms fastinter 100ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down
${servers.map((server) => `  server ${server.name} 127.0.0.1:${server.port}`).join('\n')}
`;
}
