import type { Config } from './config.ts';

/** Ports that are tried where none was asked for and the default is taken. */
const PORTS_TRIED = 20;

/** Where a server listens. */
export interface ServerAddress {
  /** As a browser on this machine opens it. */
  readonly url: string;
  readonly port: number;
  /** Whether it is another port than the default, which was taken. */
  readonly isPortMoved: boolean;
}

/** Opens the port that was asked for; where none was, the first free one from the default on. */
export function listen<T>(config: Config, open: (port: number) => T): T {
  const last = config.given.has('port') || config.port === 0 ? config.port : config.port + PORTS_TRIED;
  for (let port = config.port; ; port += 1) {
    try {
      return open(port);
    } catch (error) {
      if (port >= last || !isPortTaken(error)) throw error;
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** Where it listens to all addresses, this machine's own is the one to open. */
export function addressOf(config: Config, port: number): ServerAddress {
  const isAny = config.host === '0.0.0.0' || config.host === '::';
  const host = isAny ? '127.0.0.1' : config.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, port, isPortMoved: config.port !== 0 && port !== config.port };
}
