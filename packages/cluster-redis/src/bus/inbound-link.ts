import type { ClusterSettings } from '../settings.ts';

/** What an inbound link asks of the bus. */
export interface InboundPeer {
  deliver(body: string): void;
  /** Asks the publisher for frames again. */
  lack(first: number, last: number): void;
  /** Something is missing for good. */
  lost(): void;
}

/** A frame that is known to be missing. */
interface Hole {
  /** When it was found, or last became smaller. */
  foundAtMs: number;
  askedAtMs: number;
}

/**
 * The way from one publisher to this node: puts frames in order, drops what came twice, asks for what is missing, and
 * gives up what cannot be had.
 */
export class InboundLink {
  readonly publisherId: string;
  readonly #peer: InboundPeer;
  readonly #settings: ClusterSettings;
  /** What came before its turn. */
  readonly #held = new Map<number, string>();
  #heldChars = 0;
  #next = 1;
  /** The highest frame that is known to have been sent. */
  #reach = 0;
  #hole: Hole | null = null;
  #heardAtMs: number;
  #dueMs: number;

  constructor(publisherId: string, peer: InboundPeer, settings: ClusterSettings, nowMs: number) {
    this.publisherId = publisherId;
    this.#peer = peer;
    this.#settings = settings;
    this.#heardAtMs = nowMs;
    this.#dueMs = settings.beatEveryMs;
  }

  /** Frames that came, in order, or were given up. */
  get counter(): number {
    return this.#next - 1;
  }

  /** How long it has been silent beyond what it had said; negative: more is to be expected. */
  silentMs(nowMs: number): number {
    return nowMs - this.#heardAtMs - this.#dueMs;
  }

  frame(counter: number, body: string, nowMs: number): void {
    this.#heard(nowMs, this.#settings.beatEveryMs);
    if (counter < this.#next || this.#held.has(counter)) return;
    this.#reach = Math.max(this.#reach, counter);
    if (counter === this.#next) {
      this.#next += 1;
      this.#peer.deliver(body);
      this.#proceed(nowMs);
      return;
    }
    this.#held.set(counter, body);
    this.#heldChars += body.length;
    if (this.#held.size > this.#settings.heldFramesMax || this.#heldChars > this.#settings.heldCharsMax) {
      this.#giveUp(nowMs);
    } else this.#look(nowMs);
  }

  beat(counter: number, dueMs: number, nowMs: number): void {
    this.#heard(nowMs, dueMs);
    this.#reach = Math.max(this.#reach, counter);
    this.#look(nowMs);
  }

  /** The publisher has nothing up to this frame. */
  gone(upTo: number, nowMs: number): void {
    if (upTo < this.#next) return;
    this.#peer.lost();
    this.#skipTo(upTo + 1);
    this.#proceed(nowMs);
  }

  /**
   * This node did not listen or could not ask, and can now: what was published meanwhile is asked for, without knowing
   * whether there is any.
   */
  reopened(nowMs: number): void {
    this.#heard(nowMs, this.#settings.beatEveryMs);
    if (this.#hole !== null) this.#hole = { foundAtMs: nowMs, askedAtMs: nowMs };
    this.#peer.lack(this.#next, Number.MAX_SAFE_INTEGER);
  }

  tick(nowMs: number): void {
    const hole = this.#hole;
    if (hole === null) return;
    if (nowMs - hole.foundAtMs >= this.#settings.repairMsMax) this.#giveUp(nowMs);
    else if (nowMs - hole.askedAtMs >= this.#settings.askAgainMs) this.#ask(hole, nowMs);
  }

  #heard(nowMs: number, dueMs: number): void {
    this.#heardAtMs = nowMs;
    this.#dueMs = dueMs;
  }

  /** Opens a hole where one shows. */
  #look(nowMs: number): void {
    if (this.#hole !== null || this.#reach < this.#next) return;
    this.#hole = { foundAtMs: nowMs, askedAtMs: nowMs };
    this.#ask(this.#hole, nowMs);
  }

  #ask(hole: Hole, nowMs: number): void {
    hole.askedAtMs = nowMs;
    this.#peer.lack(this.#next, this.#firstHeld() - 1);
  }

  #giveUp(nowMs: number): void {
    this.#peer.lost();
    this.#skipTo(this.#firstHeld());
    this.#proceed(nowMs);
  }

  /** What is held of the frames that are skipped is handed over all the same. */
  #skipTo(next: number): void {
    const passed = [...this.#held.keys()].filter((counter) => counter < next).sort((a, b) => a - b);
    for (const counter of passed) this.#handOver(counter);
    this.#next = next;
    this.#reach = Math.max(this.#reach, next - 1);
    this.#hole = null;
  }

  /** True where it was held. */
  #handOver(counter: number): boolean {
    const body = this.#held.get(counter);
    if (body === undefined) return false;
    this.#held.delete(counter);
    this.#heldChars -= body.length;
    this.#peer.deliver(body);
    return true;
  }

  /** Hands over what is in turn now; a hole behind it is a new one. */
  #proceed(nowMs: number): void {
    const before = this.#next;
    while (this.#handOver(this.#next)) this.#next += 1;
    const hole = this.#hole;
    if (hole !== null && this.#next === before && this.#reach >= before) {
      // It is being filled, frame by frame.
      hole.foundAtMs = nowMs;
      hole.askedAtMs = nowMs;
      return;
    }
    this.#hole = null;
    this.#look(nowMs);
  }

  /** The first frame behind the hole. */
  #firstHeld(): number {
    let first = this.#reach + 1;
    for (const counter of this.#held.keys()) first = Math.min(first, counter);
    return first;
  }
}
