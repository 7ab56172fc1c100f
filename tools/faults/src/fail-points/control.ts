import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatPorts } from '@confab/core';
import { failPointNames, failPoints, type FailPoint, type FailPointName } from './fail-points.ts';
import { Trigger } from './trigger.ts';

/** What can be asked of a server with fail points, over its socket. */
export type ControlRequest =
  | { readonly do: 'arm'; readonly name: FailPointName; readonly number: number | null }
  | { readonly do: 'disarm'; readonly name: FailPointName }
  | { readonly do: 'strikes'; readonly name: FailPointName }
  | { readonly do: 'block-event-loop'; readonly forMs: number };

/** Where a server with fail points listens: each node of a fleet has a socket of its own in the folder. */
export function controlSocket(folder: string, nodeId: string | undefined): string {
  return join(folder, `${nodeId ?? 'server'}.sock`);
}

/** The fail points of this process: in the ports that it gives out, and armed by who asks over the socket. */
export class Control {
  readonly #triggers = new Map(failPointNames.map((name) => [name, new Trigger()]));

  /** Every fail point between the rules and their ports, none of them armed. */
  decorate(ports: ChatPorts): ChatPorts {
    return failPointNames.reduce((inner, name) => failPoints[name].wrap(inner, this.#trigger(name)), ports);
  }

  /** Takes requests at a socket until the process ends, which does not wait for it. */
  listen(folder: string, nodeId: string | undefined): void {
    const path = controlSocket(folder, nodeId);
    mkdirSync(folder, { recursive: true });
    // What an earlier run left when it was killed.
    rmSync(path, { force: true });
    const server = Bun.serve({
      unix: path,
      fetch: async (request) => Response.json(this.#answer((await request.json()) as ControlRequest)),
    });
    server.unref();
  }

  #answer(request: ControlRequest): number {
    switch (request.do) {
      case 'arm': {
        const { number }: FailPoint = failPoints[request.name];
        this.#trigger(request.name).arm(request.number ?? number.default);
        break;
      }
      case 'disarm':
        this.#trigger(request.name).disarm();
        break;
      case 'strikes':
        break;
      case 'block-event-loop':
        Bun.sleepSync(request.forMs);
        return 1;
    }
    return this.#trigger(request.name).strikes;
  }

  #trigger(name: FailPointName): Trigger {
    const trigger = this.#triggers.get(name);
    if (trigger === undefined) throw new Error(`there is no fail point ${name}`);
    return trigger;
  }
}
