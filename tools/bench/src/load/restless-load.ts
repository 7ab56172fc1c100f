import { Device, type DeviceListener } from './device.ts';
import { openAll } from './open-all.ts';
import { Pace, seededRandom } from './pace.ts';
import { until } from './until.ts';

const OPEN_AT_ONCE = 128;
const SETTLE_MS_MAX = 30_000;

/** People who type and whose network comes and goes. Each is in one conversation. */
export type RestlessPlan = {
  readonly url: string;
  readonly people: readonly { readonly subject: string; readonly conversationId: string }[];
};

/** What happened between `begin` and `end`. */
export type Restlessness = {
  readonly typings: number;
  readonly comings: number;
  /** Tries to come back that failed, and what the first one said. */
  readonly failed: number;
  readonly failure: string | null;
  /** Of this process. */
  readonly processorUs: number;
};

/** Devices that make a lot of what may be lost - typing, coming and going - and no message. */
export class RestlessLoad implements DeviceListener {
  readonly #plan: RestlessPlan;
  readonly #devices: readonly Device[];
  readonly #random = seededRandom(1);
  #paces: readonly Pace[] = [];
  #usedBefore = process.cpuUsage();
  #typings = 0;
  #comings = 0;
  #coming = 0;
  #failed = 0;
  #failure: string | null = null;

  constructor(plan: RestlessPlan) {
    this.#plan = plan;
    this.#devices = plan.people.map(({ subject }) => new Device({ url: plan.url, subject }, this));
  }

  async connect(): Promise<void> {
    await openAll(this.#devices, OPEN_AT_ONCE);
  }

  /** So many words of typing a second, and so many devices that are cut off and come back at once. */
  async begin({
    typingsPerSecond,
    cutsPerSecond,
  }: {
    typingsPerSecond: number;
    cutsPerSecond: number;
  }): Promise<void> {
    this.#usedBefore = process.cpuUsage();
    this.#paces = [
      new Pace(typingsPerSecond, 1, () => this.#type()),
      new Pace(cutsPerSecond, 2, () => void this.#comeAgain()),
    ];
  }

  /** Stops, and waits until everybody is back. */
  async end(): Promise<Restlessness> {
    for (const pace of this.#paces) pace.stop();
    const { user, system } = process.cpuUsage(this.#usedBefore);
    await until(() => this.#coming === 0, SETTLE_MS_MAX);
    return {
      typings: this.#typings,
      comings: this.#comings,
      failed: this.#failed,
      failure: this.#failure,
      processorUs: user + system,
    };
  }

  async close(): Promise<void> {
    for (const device of this.#devices) device.close();
  }

  accepted(): void {}
  delivered(): void {}
  echoed(): void {}
  refused(): void {}
  lost(): void {}

  #type(): void {
    const at = this.#someone();
    const device = this.#devices[at];
    const conversationId = this.#plan.people[at]?.conversationId;
    if (device?.isReady !== true) return;
    device.say(`{"type":"typing","conversationId":"${conversationId}"}`);
    this.#typings += 1;
  }

  async #comeAgain(): Promise<void> {
    const device = this.#devices[this.#someone()];
    if (device?.isReady !== true) return;
    device.cut();
    this.#coming += 1;
    try {
      await device.open();
      this.#comings += 1;
    } catch (error) {
      this.#failed += 1;
      this.#failure ??= String(error);
    } finally {
      this.#coming -= 1;
    }
  }

  #someone(): number {
    return Math.floor(this.#random() * this.#devices.length);
  }
}
