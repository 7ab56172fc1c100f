import { lookUntil, passed } from '../deadline.ts';
import type { Device } from '../raw-client.ts';

const PING_EVERY_MS = 1_000;
/** A gateway that answers no ping for so long is taken for gone, as one that stands still is. */
const SILENCE_MS_MAX = 6_000;
const FIRST_CONNECT_MS_MAX = 20_000;
const CONNECT_MS_MAX = 5_000;
const PAUSE_MS_MAX = 250;
/** From here on a close code says "stop". */
const STOPS_FROM = 4_300;

/** A device that connects again whenever its connection goes, as the protocol page tells a client to. */
export class KeptDevice {
  readonly device: Device;
  /** How its connections went, one after the other: code and reason. */
  readonly closes: string[] = [];
  /** The longest time without a connection that was level. */
  awayMs = 0;
  #isStopped = false;
  readonly #pings: ReturnType<typeof setInterval>;
  readonly #kept: Promise<void>;

  private constructor(device: Device) {
    this.device = device;
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#kept = this.#keep();
  }

  /** The first connection may be refused for a while, as any other may. */
  static async connect(device: Device): Promise<KeptDevice> {
    await lookUntil(FIRST_CONNECT_MS_MAX, async () => device.connect());
    return new KeptDevice(device);
  }

  /** How often the connection went. */
  get losses(): number {
    return this.closes.length;
  }

  /** Leaves the connection as it is, and lets it go when it goes. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#pings);
    await this.device.disconnect();
    await this.#kept;
  }

  #ping(): void {
    const { connection } = this.device;
    if (performance.now() - connection.heardAtMs > SILENCE_MS_MAX) connection.abandon();
    else if (connection.isOpen) connection.send({ type: 'ping' });
  }

  async #keep(): Promise<void> {
    for (;;) {
      const { code, reason } = await this.device.connection.closed;
      if (this.#isStopped) return;
      if (code >= STOPS_FROM) throw new Error(`${this.device.name} was told to stop: ${code} ${reason}`);
      this.closes.push(`${code} ${reason}`);
      const fromMs = performance.now();
      while (!this.#isStopped && !(await this.#connected())) await passed(Math.random() * PAUSE_MS_MAX);
      this.awayMs = Math.max(this.awayMs, performance.now() - fromMs);
    }
  }

  async #connected(): Promise<boolean> {
    try {
      await this.device.connect(CONNECT_MS_MAX);
      return true;
    } catch {
      this.device.connection.abandon();
      return false;
    }
  }
}
