import { type ClientFrame, limits, PROTOCOL_VERSION, type ServerFrame } from '@confab/protocol';
import type { TransportKind } from '../index.ts';
import type { LinkEvents, Transport } from '../transport/transport.ts';

/** What happens on one connection, in order. A step runs in its own turn. */
export type Step =
  | { readonly does: 'open' }
  /** The way is open, but the server has not spoken: how streams begin. */
  | { readonly does: 'open unheard' }
  | { readonly does: 'say'; readonly frame: ServerFrame }
  /** The same, but not on the connection itself. */
  | { readonly does: 'answer'; readonly frame: ServerFrame }
  | { readonly does: 'close'; readonly code: number; readonly afterMs?: number }
  /** Waits until the client has said a frame of this type. */
  | { readonly does: 'await'; readonly type: ClientFrame['type'] };

export interface ScriptedTransport extends Transport {
  /** What was said on each connection. */
  readonly said: ClientFrame[][];
  readonly closed: boolean[];
  /** Who listens to each connection, also after its end: for what a platform says too late. */
  readonly listeners: LinkEvents[];
  /** The newest connection gives a sign of life. */
  readonly hear: () => void;
}

/** A transport that follows a script: a list of steps for each connection. Further connections stay silent. */
export function scriptedTransport(
  script: readonly (readonly Step[])[],
  kind: TransportKind = 'websocket',
): ScriptedTransport {
  const said: ClientFrame[][] = [];
  const closed: boolean[] = [];
  const listeners: LinkEvents[] = [];
  return {
    kind,
    said,
    closed,
    listeners,
    hear: () => listeners.at(-1)?.heard(),
    open(events) {
      listeners.push(events);
      const place = said.length;
      const frames: ClientFrame[] = [];
      said.push(frames);
      closed.push(false);
      const run = new ScriptRun([...(script[place] ?? [])], events, frames);
      queueMicrotask(() => run.proceed());
      return {
        send(frame) {
          frames.push(frame);
          queueMicrotask(() => run.proceed());
        },
        close() {
          closed[place] = true;
          run.end();
        },
      };
    },
  };
}

class ScriptRun {
  #steps: Step[];
  readonly #events: LinkEvents;
  readonly #said: readonly ClientFrame[];

  constructor(steps: Step[], events: LinkEvents, said: readonly ClientFrame[]) {
    this.#steps = steps;
    this.#events = events;
    this.#said = said;
  }

  end(): void {
    this.#steps = [];
  }

  proceed(): void {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      if (step.does === 'await' && !this.#wasSaid(step.type)) return;
      this.#steps.shift();
      this.#perform(step);
    }
  }

  #wasSaid(type: ClientFrame['type']): boolean {
    return this.#said.some((frame) => frame.type === type);
  }

  #perform(step: Step): void {
    switch (step.does) {
      case 'open':
        this.#events.frame(helloFrame);
        this.#events.opened();
        return;
      case 'open unheard':
        this.#events.opened();
        return;
      case 'say':
        this.#events.frame(step.frame);
        return;
      case 'answer':
        this.#events.answer(step.frame);
        return;
      case 'close':
        this.end();
        this.#events.closed({ code: step.code, reason: '', afterMs: step.afterMs ?? null });
        return;
      case 'await':
    }
  }
}

export const helloFrame: ServerFrame = {
  type: 'hello',
  protocol: PROTOCOL_VERSION,
  connectionId: 'c1',
  heartbeatIntervalMs: limits.heartbeatIntervalMs,
  serverTime: '2026-01-01T00:00:00.000Z',
  limits: { ...limits },
};

export const readyFrame: ServerFrame = {
  type: 'ready',
  userId: 'alice',
  deviceId: 'device',
  ownLog: { conversationId: 'salice', head: null },
  landed: [],
};

const authenticated: readonly Step[] = [
  { does: 'open' },
  { does: 'await', type: 'authenticate' },
  { does: 'say', frame: readyFrame },
  { does: 'say', frame: { type: 'caught_up' } },
];

/** A connection that becomes live, and what follows. */
export function live(...further: Step[]): readonly Step[] {
  return [...authenticated, ...further];
}
