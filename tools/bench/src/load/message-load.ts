import { Besides, type BesidesPlan } from './besides.ts';
import { Device, type DeviceListener, type DevicePlan, type Refusal } from './device.ts';
import { type Evidence, readingsOf } from './evidence.ts';
import { LatencyRecorder, type Recorded } from './latency-recorder.ts';
import { MessageRecord } from './message-record.ts';
import { bodyOf } from './message-text.ts';
import { nowUs } from './now.ts';
import { openAll } from './open-all.ts';
import { Pace } from './pace.ts';
import type { Reading } from './reading.ts';
import { until } from './until.ts';

const RETRY_MS = 100;

/** A device and a conversation into which it speaks. `device` is a place in the list of devices. */
export type Lane = { readonly device: number; readonly conversationId: string };

export type MessageLoadPlan = {
  /** From 1 on, another one in each load process of a bench. */
  readonly processNumber: number;
  readonly devices: readonly DevicePlan[];
  readonly lanes: readonly Lane[];
  readonly bodyBytes: number;
  /** How many devices of this process get each message, the sender's included; 0: that differs, and nobody asks. */
  readonly readersEach: number;
  /** What the same devices do besides; null: nothing. */
  readonly besides: BesidesPlan | null;
};

/**
 * `closed`: so many messages of each lane are always under way, until they are accepted or until every reader has them.
 * `open`: so many a second over all lanes in turn, at times that do not depend on any answer.
 */
export type Drive =
  | { readonly kind: 'closed'; readonly window: number; readonly until: 'accepted' | 'delivered' }
  | { readonly kind: 'open'; readonly perSecond: number };

/** What was counted in the measured time. */
export type Counted = {
  readonly seconds: number;
  readonly accepted: number;
  readonly delivered: number;
  /** Of this process. */
  readonly processorUs: number;
};

/** Of what was meant to be sent in the measured time, whenever it was answered. */
export type Latencies = {
  /** From when it should have been sent to its acknowledgement. */
  readonly ack: Recorded;
  /** To its arrival at each reader but the device that sent it. */
  readonly delivery: Recorded;
  /** From its acknowledgement to its arrival at each of those readers; 0 where it arrived first. */
  readonly lag: Recorded;
  /** From when it should have been sent to its arrival at the last reader. */
  readonly whole: Recorded;
  /** To when it was sent: how late the generator itself was. */
  readonly late: Recorded;
};

type Measuring = {
  readonly fromUs: number;
  readonly processorUs: number;
  readonly ack: LatencyRecorder;
  readonly delivery: LatencyRecorder;
  readonly lag: LatencyRecorder;
  readonly whole: LatencyRecorder;
  readonly late: LatencyRecorder;
  accepted: number;
  delivered: number;
};

/** Devices that send messages into conversations and read them: the program of most loads. */
export class MessageLoad implements DeviceListener {
  readonly devices: readonly Device[];
  readonly #plan: MessageLoadPlan;
  readonly #record: MessageRecord;
  readonly #heads = new Map<string, number>();
  readonly #lost: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  readonly #besides: Besides | null;
  #drive: Drive | null = null;
  #pace: Pace | null = null;
  #measuring: Measuring | null = null;
  #nextLane = 0;

  constructor(plan: MessageLoadPlan) {
    this.#plan = plan;
    this.#record = new MessageRecord(plan.processNumber);
    this.devices = plan.devices.map((device) => new Device(device, this));
    this.#besides = plan.besides === null ? null : this.#besidesOf(plan.besides);
  }

  /** Opens all devices. */
  async connect(atOnce: number): Promise<void> {
    await openAll(this.devices, atOnce);
  }

  /** Begins to send. */
  async begin(drive: Drive): Promise<void> {
    this.#drive = drive;
    this.#besides?.begin();
    if (drive.kind === 'open') {
      this.#pace = new Pace(drive.perSecond, this.#plan.processNumber, (meantUs) => {
        this.#sayOn(this.#nextLane, meantUs);
        this.#nextLane = (this.#nextLane + 1) % this.#plan.lanes.length;
      });
      return;
    }
    for (let lane = 0; lane < this.#plan.lanes.length; lane += 1)
      for (let count = 0; count < drive.window; count += 1) this.#sayOn(lane, nowUs());
  }

  /** From now on everything counts, for `forMs`. */
  async measure(forMs: number): Promise<void> {
    const fromUs = nowUs();
    this.#measuring = {
      fromUs,
      processorUs: ownProcessorUs(),
      ack: new LatencyRecorder(fromUs, forMs),
      delivery: new LatencyRecorder(fromUs, forMs),
      lag: new LatencyRecorder(fromUs, forMs),
      whole: new LatencyRecorder(fromUs, forMs),
      late: new LatencyRecorder(fromUs, forMs),
      accepted: 0,
      delivered: 0,
    };
  }

  /** Stops sending and counting. What is under way is still timed. */
  async end(): Promise<Counted> {
    const measuring = this.#measured();
    const { accepted, delivered } = measuring;
    const seconds = (nowUs() - measuring.fromUs) / 1e6;
    const processorUs = ownProcessorUs() - measuring.processorUs;
    this.#drive = null;
    this.#pace?.stop();
    this.#besides?.stop();
    return { seconds, accepted, delivered, processorUs };
  }

  /** Waits until everything is answered, at most so long. Gives the last accepted sequence of each conversation. */
  async settle(limitMs: number): Promise<ReadonlyMap<string, number>> {
    await this.#besides?.untilBack();
    await until(() => this.devices.every(({ unanswered }) => unanswered.size === 0), limitMs);
    return this.#heads;
  }

  /** Waits until every device has read as far as these sequences in the conversations that it reads, at most so long. */
  async level(heads: ReadonlyMap<string, number>, limitMs: number): Promise<void> {
    const isLevel = ({ conversationId, last }: Reading): boolean => last >= (heads.get(conversationId) ?? 0);
    await until(() => this.devices.every(({ readings }) => [...readings.values()].every(isLevel)), limitMs);
  }

  async latencies(): Promise<Latencies> {
    const { ack, delivery, lag, whole, late } = this.#measured();
    return {
      ack: ack.recorded(),
      delivery: delivery.recorded(),
      lag: lag.recorded(),
      whole: whole.recorded(),
      late: late.recorded(),
    };
  }

  async evidence(): Promise<Evidence> {
    const { lanes } = this.#plan;
    const readers = new Map(lanes.map(({ conversationId, device }) => [conversationId, device]));
    const conversationIds = [...readers.keys()];
    const places = new Map(conversationIds.map((id, at) => [id, at]));
    return {
      conversationIds,
      conversationReaders: [...readers.values()].map((at) => this.#plan.devices[at]?.subject ?? ''),
      said: this.#record.said(),
      laneConversations: Int32Array.from(lanes, ({ conversationId }) => places.get(conversationId) ?? -1),
      readings: readingsOf(this.devices, places),
      lost: this.#lost,
      refused: this.#refused,
      holes: this.devices.reduce((sum, { holes }) => sum + holes, 0),
    };
  }

  async close(): Promise<void> {
    this.#pace?.stop();
    for (const device of this.devices) device.close();
  }

  accepted(device: Device, number: number, sequence: number): void {
    const atUs = device.heardUs;
    this.#record.accept(number, sequence, atUs);
    const lane = this.#record.laneOf(number);
    const conversationId = this.#plan.lanes[lane]?.conversationId ?? '';
    this.#heads.set(conversationId, Math.max(sequence, this.#heads.get(conversationId) ?? 0));
    if (this.#measuring !== null) {
      this.#measuring.accepted += 1;
      this.#measuring.ack.record(this.#record.meantUsOf(number), atUs);
    }
    if (this.#drive?.kind === 'closed' && this.#drive.until === 'accepted') this.#sayOn(lane, atUs);
  }

  delivered(device: Device, reading: Reading, number: number, meantUs: number): void {
    this.#besides?.hasRead(device, reading);
    this.#arrived(device, number, meantUs);
  }

  #arrived(device: Device, number: number, meantUs: number): void {
    const atUs = device.heardUs;
    if (this.#measuring !== null) {
      this.#measuring.delivered += 1;
      if (!this.#hasSent(device, number)) {
        this.#measuring.delivery.record(meantUs, atUs);
        if (this.#record.has(number))
          this.#measuring.lag.record(this.#record.acceptedUsOf(number) || atUs, atUs);
      }
    }
    if (!this.#record.has(number) || !this.#record.deliver(number)) return;
    this.#measuring?.whole.record(meantUs, atUs);
    if (this.#drive?.kind === 'closed' && this.#drive.until === 'delivered')
      this.#sayOn(this.#record.laneOf(number), atUs);
  }

  echoed(device: Device, number: number, meantUs: number): void {
    if (device.unanswered.delete(number)) this.accepted(device, number, 0);
    this.#arrived(device, number, meantUs);
  }

  /** A send that was refused for good is let go, and counts as never answered. */
  refused(device: Device, number: number, { code, afterMs, isFinal }: Refusal): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    if (isFinal) device.unanswered.delete(number);
    else if (!Number.isNaN(number)) setTimeout(() => this.#sayAgain(device, number), afterMs || RETRY_MS);
  }

  lost(_device: Device, code: number): void {
    this.#lost[code] = (this.#lost[code] ?? 0) + 1;
  }

  #hasSent(device: Device, number: number): boolean {
    if (!this.#record.has(number)) return false;
    const lane = this.#plan.lanes[this.#record.laneOf(number)];
    return lane !== undefined && this.devices[lane.device] === device;
  }

  #sayOn(lane: number, meantUs: number): void {
    const plan = this.#plan.lanes[lane];
    const device = this.devices[plan?.device ?? -1];
    if (plan === undefined || device === undefined) throw new Error(`there is no lane ${lane}`);
    const sentUs = nowUs();
    const number = this.#record.say(lane, meantUs, sentUs, this.#plan.readersEach);
    this.#measuring?.late.record(meantUs, sentUs);
    device.send(plan.conversationId, number, bodyOf({ number, meantUs }, this.#plan.bodyBytes));
  }

  #besidesOf(plan: BesidesPlan): Besides {
    const speakers = this.#plan.lanes.flatMap(({ device: at, conversationId }) => {
      const device = this.devices[at];
      return device === undefined ? [] : [{ device, conversationId }];
    });
    return new Besides({ plan, speakers });
  }

  /** The same once more, as the same message. */
  #sayAgain(device: Device, number: number): void {
    const conversationId = this.#plan.lanes[this.#record.laneOf(number)]?.conversationId ?? '';
    const meantUs = this.#record.meantUsOf(number);
    device.send(conversationId, number, bodyOf({ number, meantUs }, this.#plan.bodyBytes));
  }

  #measured(): Measuring {
    if (this.#measuring === null) throw new Error('nothing is measured');
    return this.#measuring;
  }
}

function ownProcessorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
