import type { WebSocketLike } from '@confab/client';
import type { Connection, Heartbeat, Transport } from '@confab/gateway';
import { limits } from '@confab/protocol';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';
import { Pipe } from './pipe.ts';

/** RFC 6455: the connection ended without a close frame. */
const ABNORMAL_CLOSE = 1006;
const HEARTBEAT: Heartbeat = { intervalMs: limits.heartbeatIntervalMs, answerMs: limits.heartbeatTimeoutMs };

/** What travels on a socket. Platforms answer pings by themselves. */
type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' | 'ping' | 'pong' }
  | { readonly kind: 'close'; readonly code: number };

/** Who learns that a connection was cut, and who has to find out. */
export type CutKnownTo = 'both' | 'device' | 'node' | 'nobody';

export interface SocketOptions {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  readonly latencyMs: () => number;
  readonly windowBytes: number;
  readonly device: SimulatedRun;
  readonly node: SimulatedRun;
  /** Told of every text that reaches the device, before the device is. */
  readonly heard: (text: string) => void;
  /** Told of every text that the device puts on the wire. */
  readonly said: (text: string) => void;
  readonly ended: () => void;
}

interface Listeners {
  open: (() => void)[];
  message: ((event: { readonly data: unknown }) => void)[];
  close: ((event: { readonly code: number; readonly reason: string }) => void)[];
  error: (() => void)[];
}

/**
 * A WebSocket with its two ends: what the SDK takes for one, and what the gateway takes for its transport. Between them
 * are two pipes, which are cut together; each end learns of it in its own time, or never.
 */
export class SimulatedSocket {
  readonly #options: SocketOptions;
  readonly #listeners: Listeners = { open: [], message: [], close: [], error: [] };
  readonly #down: Pipe<Frame>;
  readonly #up: Pipe<Frame>;
  #connection: Connection | null = null;
  #isDeviceDone = false;
  #isNodeDone = false;
  #isCut = false;
  #isBlocked = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    const { clock, random, latencyMs, device, node } = options;
    const wire = { clock, random, latencyMs };
    this.#down = new Pipe<Frame>({
      ...wire,
      deliver: (frame) => device.reach(() => this.#reachDevice(frame)),
    });
    this.#up = new Pipe<Frame>({ ...wire, deliver: (frame) => node.reach(() => this.#reachNode(frame)) });
    this.#down.onTaken = () => this.#makeRoom();
  }

  /** Neither end uses it any more. */
  get isOver(): boolean {
    return this.#isDeviceDone && this.#isNodeDone;
  }

  get node(): SimulatedRun {
    return this.#options.node;
  }

  get device(): SimulatedRun {
    return this.#options.device;
  }

  /** The device's end. */
  get webSocket(): WebSocketLike {
    return {
      send: (text) => {
        if (this.#isDeviceDone) return;
        this.#options.said(text);
        this.#up.put({ kind: 'text', text }, text.length);
      },
      close: (code = 1000) => {
        if (this.#isDeviceDone) return;
        this.#up.put({ kind: 'close', code }, 0);
        this.#endDevice();
      },
      addEventListener: (type: keyof Listeners, listener: never) => {
        (this.#listeners[type] as unknown[]).push(listener);
      },
    };
  }

  /** The node has taken the connection: it opens, and is told so after the way back. */
  accept(connect: (transport: Transport) => Connection): void {
    // The device gave up while its call waited here.
    if (this.#isNodeDone) return;
    // The upgrade's answer stands before all frames.
    this.#down.put({ kind: 'open' }, 0);
    this.#connection = connect(this.#transport());
  }

  /** The device is told that it may not connect, or that nobody is there. */
  refuse(): void {
    const { clock, latencyMs } = this.#options;
    this.#isNodeDone = true;
    clock.after(latencyMs(), () => this.#tellDevice(ABNORMAL_CLOSE));
  }

  /** The line breaks. What was on its way may partly arrive. */
  cut(knownTo: CutKnownTo): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const { clock, latencyMs, node } = this.#options;
    this.#down.cut();
    this.#up.cut();
    // Later than all that still arrives.
    const soonMs = (): number => latencyMs() + this.#options.random.below(2_000);
    if (knownTo === 'both' || knownTo === 'device')
      clock.after(soonMs(), () => this.#tellDevice(ABNORMAL_CLOSE));
    if (knownTo === 'both' || knownTo === 'node')
      clock.after(soonMs(), () => node.reach(() => this.#endNode(ABNORMAL_CLOSE)));
  }

  /** Whether the device reads what arrives. */
  setDeviceReading(isReading: boolean): void {
    this.#down.setRead(isReading);
  }

  /** The process of the device is gone; its system may say so. */
  deviceDied(isTold: boolean): void {
    this.#endDevice();
    if (isTold) this.#up.put({ kind: 'close', code: ABNORMAL_CLOSE }, 0);
    else this.#isCut = true;
  }

  /** The process of the node is gone; its system may say so. */
  nodeDied(isTold: boolean): void {
    if (this.#isNodeDone) return;
    this.#isNodeDone = true;
    this.#up.end();
    if (isTold) this.#down.put({ kind: 'close', code: ABNORMAL_CLOSE }, 0);
    else this.#isCut = true;
    this.#over();
  }

  #transport(): Transport {
    const down = this.#down;
    const { windowBytes } = this.#options;
    const bufferedBytes = (): number => Math.max(0, down.bytes - windowBytes);
    return {
      kind: 'websocket',
      heartbeat: HEARTBEAT,
      send: (texts) => this.#send(texts, bufferedBytes),
      get bufferedBytes() {
        return bufferedBytes();
      },
      get isBlocked() {
        return bufferedBytes() > 0;
      },
      beat: () => down.put({ kind: 'ping' }, 0),
      setReading: (isReading) => this.#up.setRead(isReading),
      close: (code) => {
        down.put({ kind: 'close', code }, 0);
        this.#endNode(code);
      },
    };
  }

  /** The one that makes it block is taken. */
  #send(texts: readonly string[], bufferedBytes: () => number): number {
    let taken = 0;
    for (const text of texts) {
      taken += 1;
      this.#down.put({ kind: 'text', text }, text.length);
      this.#isBlocked = bufferedBytes() > 0;
      if (this.#isBlocked) break;
    }
    return taken;
  }

  #makeRoom(): void {
    if (!this.#isBlocked || this.#down.bytes > this.#options.windowBytes) return;
    this.#isBlocked = false;
    this.#options.node.reach(() => {
      if (!this.#isNodeDone) this.#connection?.drained();
    });
  }

  #reachDevice(frame: Frame): void {
    if (this.#isDeviceDone) return;
    switch (frame.kind) {
      case 'open':
        for (const listener of this.#listeners.open) listener();
        return;
      case 'text':
        this.#options.heard(frame.text);
        for (const listener of this.#listeners.message) listener({ data: frame.text });
        return;
      case 'ping':
        this.#up.put({ kind: 'pong' }, 0);
        return;
      case 'close':
        this.#tellDevice(frame.code);
        return;
      case 'pong':
        return;
    }
  }

  #reachNode(frame: Frame): void {
    if (this.#isNodeDone) return;
    switch (frame.kind) {
      case 'text':
        this.#connection?.receive(frame.text);
        return;
      case 'open':
      case 'ping':
      case 'pong':
        this.#connection?.heard();
        return;
      case 'close':
        this.#endNode(frame.code);
        return;
    }
  }

  #tellDevice(code: number): void {
    this.#options.device.reach(() => {
      if (this.#isDeviceDone) return;
      this.#endDevice();
      for (const listener of this.#listeners.close) listener({ code, reason: '' });
    });
  }

  #endDevice(): void {
    if (this.#isDeviceDone) return;
    this.#isDeviceDone = true;
    this.#down.end();
    this.#over();
  }

  #endNode(code: number): void {
    if (this.#isNodeDone) return;
    this.#isNodeDone = true;
    this.#connection?.transportClosed(code);
    this.#over();
  }

  #over(): void {
    if (this.isOver) this.#options.ended();
  }
}
