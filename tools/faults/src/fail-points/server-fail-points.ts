import { join } from 'node:path';
import { controlSocket, type ControlRequest } from './control.ts';
import type { FailPointName } from './fail-points.ts';

/** The server's command with fail points in it, in the place of `apps/server/src/main.ts`. */
export const FAIL_POINT_SERVER = join(import.meta.dir, 'server.ts');

/** The setting that names the folder of its sockets. */
export const FAIL_POINT_FOLDER = 'FAIL_POINTS';

/** The fail points of a running server, from outside. A server that starts has none armed. */
export class ServerFailPoints {
  readonly #path: string;

  /** `nodeId`: which node of a fleet; undefined for a server of its own. */
  constructor(folder: string, nodeId?: string) {
    this.#path = controlSocket(folder, nodeId);
  }

  /** From now on. `number` is what the table says of it; left out, its default. Armed when this resolves. */
  async arm(name: FailPointName, number?: number): Promise<void> {
    await this.#ask({ do: 'arm', name, number: number ?? null });
  }

  async disarm(name: FailPointName): Promise<void> {
    await this.#ask({ do: 'disarm', name });
  }

  /** How often it has struck since the process began. */
  async strikes(name: FailPointName): Promise<number> {
    return this.#ask({ do: 'strikes', name });
  }

  /** Lets the process do nothing at all for so long; resolves afterwards. */
  async blockEventLoop(forMs: number): Promise<void> {
    await this.#ask({ do: 'block-event-loop', forMs });
  }

  async #ask(request: ControlRequest): Promise<number> {
    const body = JSON.stringify(request);
    const answer = await fetch('http://fail-points/', { method: 'POST', body, unix: this.#path });
    if (!answer.ok) throw new Error(`the fail points answered ${answer.status}`);
    return Number(await answer.json());
  }
}
