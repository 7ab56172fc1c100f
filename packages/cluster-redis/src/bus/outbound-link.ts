import type { ClusterSettings } from '../settings.ts';
import { formatFrame } from './frame.ts';

interface KeptFrame {
  readonly text: string;
  readonly sentAtMs: number;
}

/** What a receiver that lacks frames is to get. */
export interface Resent {
  readonly texts: readonly string[];
  /** No frame up to this one is to be had any more; null: nothing of what was asked for is gone. */
  readonly goneUpTo: number | null;
}

/** The way from this node to another one: envelopes become numbered frames, and the last frames are kept. */
export class OutboundLink {
  readonly #from: string;
  readonly #link: string;
  readonly #settings: ClusterSettings;
  /** In the order of their numbers, without a hole. */
  readonly #kept = new Map<number, KeptFrame>();
  #keptChars = 0;
  #counter = 0;
  #waiting: string[] = [];
  #waitingChars = 0;
  #usedAtMs: number;
  #toldAtMs = -Infinity;
  /** Within what time it said that more will be heard of it. */
  #toldDueMs = Infinity;

  constructor(from: string, link: string, settings: ClusterSettings, nowMs: number) {
    this.#usedAtMs = nowMs;
    this.#from = from;
    this.#link = link;
    this.#settings = settings;
  }

  get link(): string {
    return this.#link;
  }

  /** Frames sent until now. */
  get counter(): number {
    return this.#counter;
  }

  /** How long nothing was sent. */
  idleMs(nowMs: number): number {
    return nowMs - this.#usedAtMs;
  }

  /** Takes an envelope's JSON. True where the frame is full and should go before it takes more. */
  add(json: string): boolean {
    this.#waiting.push(json);
    this.#waitingChars += json.length + 1;
    return this.#waitingChars >= this.#settings.frameCharsMax;
  }

  /** What was added as the next frame, which is kept too; null where nothing was. */
  seal(nowMs: number): string | null {
    if (this.#waiting.length === 0) return null;
    this.#counter += 1;
    const body = `[${this.#waiting.join(',')}]`;
    this.#waiting = [];
    this.#waitingChars = 0;
    const text = formatFrame({
      kind: 'data',
      from: this.#from,
      link: this.#link,
      counter: this.#counter,
      body,
    });
    this.#kept.set(this.#counter, { text, sentAtMs: nowMs });
    this.#keptChars += text.length;
    this.#usedAtMs = nowMs;
    this.#forget(nowMs);
    return text;
  }

  /** Word of how far it is, where one is due; else null. */
  beat(nowMs: number): string | null {
    this.#forget(nowMs);
    // What it said last holds, however idle it has become; and a frame since then says that more comes soon.
    const dueMs = Math.min(this.#toldDueMs, this.#dueMs(nowMs));
    if (this.#counter === 0 || nowMs - this.#toldAtMs < dueMs) return null;
    return this.beatNow(nowMs);
  }

  beatNow(nowMs: number): string {
    this.#toldAtMs = nowMs;
    this.#toldDueMs = this.#dueMs(nowMs);
    const [link, counter, dueMs] = [this.#link, this.#counter, this.#toldDueMs];
    return formatFrame({ kind: 'beat', from: this.#from, link, counter, dueMs });
  }

  #dueMs(nowMs: number): number {
    const { beatEveryMs, idleBeatEveryMs, inUseMs } = this.#settings;
    return nowMs - this.#usedAtMs < inUseMs ? beatEveryMs : idleBeatEveryMs;
  }

  /** At most as much as is kept; a receiver that still lacks something asks again. */
  resend(first: number, last: number): Resent {
    const to = Math.min(last, this.#counter);
    const oldest = this.#counter - this.#kept.size + 1;
    const texts: string[] = [];
    for (let counter = Math.max(first, oldest); counter <= to; counter += 1) {
      const frame = this.#kept.get(counter);
      if (frame !== undefined) texts.push(frame.text);
    }
    return { texts, goneUpTo: first < oldest ? Math.min(oldest - 1, to) : null };
  }

  #forget(nowMs: number): void {
    const { keptMsMax, keptFramesMax, keptCharsMax } = this.#settings;
    for (const [counter, frame] of this.#kept) {
      const isOver = this.#kept.size > keptFramesMax || this.#keptChars > keptCharsMax;
      if (!isOver && nowMs - frame.sentAtMs <= keptMsMax) break;
      this.#kept.delete(counter);
      this.#keptChars -= frame.text.length;
    }
  }
}
