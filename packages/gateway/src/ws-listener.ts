import type { Asker } from './asker.ts';
import type { Gateway } from './gateway.ts';

/** Where to listen and who answers. */
export interface ListenerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Lets several processes share the port. */
  readonly reusePort: boolean;
  /** The largest body of an HTTP request, in bytes; beyond it the answer is 413. */
  readonly requestBodyBytesMax: number;
  /** Answers everything but `GET /v1/ws`. What it throws is answered with 500 and reported as a fault. */
  readonly http: (request: Request, asker: Asker) => Response | Promise<Response>;
  readonly gateway: Gateway;
}

/** An open port. */
export interface Listener {
  readonly port: number;
  /** Closes the port and cuts what is still open; drain the gateway first. */
  stop(): Promise<void>;
}

/** Opens the port, or throws what the system says, as where it is taken. */
export function startListener(options: ListenerOptions): Listener {
  throw new Error(`not yet: ${options.port}`);
}
