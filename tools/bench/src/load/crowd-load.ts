import { Device, type DeviceListener } from './device.ts';
import { type Evidence, readingsOf } from './evidence.ts';
import { LatencyRecorder, type Recorded } from './latency-recorder.ts';
import { MessageRecord } from './message-record.ts';
import { nowUs } from './now.ts';
import { until } from './until.ts';

const MICROSECONDS = 1e6;
/** Who was refused or cut off comes again so soon, all at the same time: the worst case. */
const AGAIN_MS = 50;
const FAILURES_KEPT = 10;

/** Devices of these users, one each. */
export type CrowdPlan = { readonly url: string; readonly subjects: readonly string[] };

/** `isPatient`: who fails tries again until it is in. */
export type ConnectPlan = {
  /** Devices on their way at the same time. */
  readonly atOnce: number;
  readonly isPatient: boolean;
  /** Latencies are recorded for so long; what takes longer is not in them. */
  readonly limitMs: number;
};

/** How the devices came in. */
export type Connected = {
  readonly seconds: number;
  /** How many are in. */
  readonly devices: number;
  /** From when each began to its `caught_up`. */
  readonly latency: Recorded;
  /** From when the first began to each one's `caught_up`. */
  readonly fromStart: Recorded;
  /** How often one had to ask for events that should have come before its `caught_up`. */
  readonly holes: number;
  /** Tries that failed, and what the first of them said. */
  readonly failed: number;
  readonly failures: readonly string[];
  /** Of this process. */
  readonly processorUs: number;
};

/** A conversation to be checked, and who may read it. */
export type CheckedConversation = { readonly conversationId: string; readonly reader: string };

/** Devices that come, stay, go and come again. */
export class CrowdLoad implements DeviceListener {
  readonly devices: readonly Device[];
  readonly #lost: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};

  constructor({ url, subjects }: CrowdPlan) {
    this.devices = subjects.map((subject) => new Device({ url, subject }, this));
  }

  /** Connects the devices that are not connected, each from where it was. */
  async connect({ atOnce, isPatient, limitMs }: ConnectPlan): Promise<Connected> {
    const fromUs = nowUs();
    const usedBefore = process.cpuUsage();
    const holesBefore = this.#holes();
    const latency = new LatencyRecorder(fromUs, limitMs);
    const fromStart = new LatencyRecorder(fromUs, limitMs);
    const failures: string[] = [];
    let failed = 0;
    const comeOnce = async (device: Device): Promise<boolean> => {
      try {
        await device.open();
        return true;
      } catch (error) {
        failed += 1;
        if (failures.length < FAILURES_KEPT) failures.push(String(error));
        return false;
      }
    };
    const enter = async (device: Device): Promise<boolean> => {
      for (;;) {
        if (await comeOnce(device)) return true;
        if (!isPatient) return false;
        await Bun.sleep(AGAIN_MS);
      }
    };
    const waiting = this.devices.filter(({ isReady }) => !isReady);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let device = waiting[next]; device !== undefined; device = waiting[next]) {
        next += 1;
        const beganUs = nowUs();
        if (!(await enter(device))) continue;
        const readyUs = nowUs();
        latency.record(beganUs, readyUs);
        fromStart.record(fromUs, readyUs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const { user, system } = process.cpuUsage(usedBefore);
    return {
      seconds: (nowUs() - fromUs) / MICROSECONDS,
      devices: this.#connected(),
      latency: latency.recorded(),
      fromStart: fromStart.recorded(),
      holes: this.#holes() - holesBefore,
      failed,
      failures,
      processorUs: user + system,
    };
  }

  /** Goes away without a word. */
  async cut(): Promise<void> {
    for (const device of this.devices) device.cut();
  }

  /** Waits until the server has ended every connection, at most so long; gives how many are left. */
  async lose(limitMs: number): Promise<number> {
    await until(() => this.#connected() === 0, limitMs);
    return this.#connected();
  }

  /** Stops reading, or goes on. */
  async setReading(isReading: boolean): Promise<void> {
    for (const device of this.devices) device.setReading(isReading);
  }

  /** Waits until every device has read as far as these sequences, at most so long; gives how many have. */
  async level(heads: ReadonlyMap<string, number>, limitMs: number): Promise<number> {
    const isLevel = ({ readings }: Device): boolean =>
      [...heads].every(([conversationId, head]) => (readings.get(conversationId)?.last ?? 0) >= head);
    await until(() => this.devices.every(isLevel), limitMs);
    return this.devices.filter(isLevel).length;
  }

  /** How many connections the server has ended so far. */
  async lostSoFar(): Promise<number> {
    return Object.values(this.#lost).reduce((sum, count) => sum + count, 0);
  }

  /** What the devices have read of conversations, for the checker. A crowd says nothing, and may be cut off. */
  async evidence(conversations: readonly CheckedConversation[]): Promise<Evidence> {
    const conversationIds = conversations.map(({ conversationId }) => conversationId);
    const places = new Map(conversationIds.map((id, at) => [id, at]));
    return {
      conversationIds,
      conversationReaders: conversations.map(({ reader }) => reader),
      said: new MessageRecord(0).said(),
      laneConversations: new Int32Array(0),
      readings: readingsOf(this.devices, places),
      lost: {},
      refused: this.#refused,
      holes: this.#holes(),
    };
  }

  async close(): Promise<void> {
    for (const device of this.devices) device.close();
  }

  accepted(): void {}
  delivered(): void {}
  echoed(): void {}

  refused(_device: Device, _number: number, { code }: { readonly code: string }): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  lost(_device: Device, code: number): void {
    this.#lost[code] = (this.#lost[code] ?? 0) + 1;
  }

  #holes(): number {
    return this.devices.reduce((sum, { holes }) => sum + holes, 0);
  }

  #connected(): number {
    return this.devices.reduce((sum, { isReady }) => sum + (isReady ? 1 : 0), 0);
  }
}
