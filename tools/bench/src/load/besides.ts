import type { Device } from './device.ts';
import { Pace, seededRandom } from './pace.ts';
import type { Reading } from './reading.ts';
import { until } from './until.ts';

const RECEIPT_ROUNDS = 20;
const BACK_MS_MAX = 30_000;

/** What people do beside sending messages. */
export type BesidesPlan = {
  /** Each device says how far it has read, at most once in this time for each conversation. */
  readonly receiptEveryMs: number;
  readonly typingsPerSecond: number;
  /** Connections a second that go without a word and come back at once. */
  readonly cutsPerSecond: number;
};

type Speaker = { readonly device: Device; readonly conversationId: string };

export type BesidesOptions = {
  readonly plan: BesidesPlan;
  /** Who types where. */
  readonly speakers: readonly Speaker[];
};

/** Receipts, typing and broken connections, at a pace of their own. */
export class Besides {
  readonly #options: BesidesOptions;
  readonly #random = seededRandom(1);
  readonly #unsaid = new Map<Device, Set<Reading>>();
  #paces: readonly Pace[] = [];
  #receipts: ReturnType<typeof setInterval> | undefined;
  #away = 0;

  constructor(options: BesidesOptions) {
    this.#options = options;
  }

  begin(): void {
    const { receiptEveryMs, typingsPerSecond, cutsPerSecond } = this.#options.plan;
    this.#receipts = setInterval(() => this.#sayReceipts(), receiptEveryMs / RECEIPT_ROUNDS);
    this.#paces = [
      new Pace(typingsPerSecond, 1, () => this.#type()),
      new Pace(cutsPerSecond, 2, () => void this.#comeAgain()),
    ];
  }

  stop(): void {
    clearInterval(this.#receipts);
    for (const pace of this.#paces) pace.stop();
  }

  /** Waits until everybody is back. */
  async untilBack(): Promise<void> {
    await until(() => this.#away === 0, BACK_MS_MAX);
  }

  /** A device has read further. */
  hasRead(device: Device, reading: Reading): void {
    const unsaid = this.#unsaid.get(device);
    if (unsaid === undefined) this.#unsaid.set(device, new Set([reading]));
    else unsaid.add(reading);
  }

  /** Those that have waited longest, so that each device waits about as long as the plan says. */
  #sayReceipts(): void {
    let left = Math.ceil(this.#unsaid.size / RECEIPT_ROUNDS);
    for (const [device, readings] of this.#unsaid) {
      if (left === 0) return;
      left -= 1;
      if (!device.isReady) continue;
      this.#unsaid.delete(device);
      for (const { conversationId, last } of readings)
        device.say(
          `{"type":"receipt","conversationId":"${conversationId}","delivered":${last},"read":${last}}`,
        );
    }
  }

  #type(): void {
    const { device, conversationId } = this.#someone();
    if (device.isReady) device.say(`{"type":"typing","conversationId":"${conversationId}"}`);
  }

  async #comeAgain(): Promise<void> {
    const { device } = this.#someone();
    if (!device.isReady) return;
    device.cut();
    this.#away += 1;
    try {
      await device.open();
    } finally {
      this.#away -= 1;
    }
  }

  #someone(): Speaker {
    const { speakers } = this.#options;
    const speaker = speakers[Math.floor(this.#random() * speakers.length)];
    if (speaker === undefined) throw new Error('nobody is there');
    return speaker;
  }
}
