import type { Timers } from '../client-types.ts';
import { askedWaitMs, fullJitterMs } from '../connection/backoff.ts';
import type { ChatError } from '../errors.ts';
import type { PendingRow } from './pending-store.ts';

/** Sends of one conversation that may be unanswered at once. */
const IN_FLIGHT_MAX = 32;
/** A token is on its way, or another connection is: there is no use in asking at once. */
const OTHERS_TURN_MS = 1_000;

export type EntryStatus =
  /** Not on storage yet; nothing behind it may overtake it. */
  | { readonly kind: 'storing' }
  | { readonly kind: 'queued' }
  /** On its way; `ref` tells this attempt's answer from those of earlier attempts. */
  | { readonly kind: 'sending'; readonly ref: string }
  | {
      readonly kind: 'acknowledged';
      readonly messageId: string;
      readonly sequence: number;
      readonly sentAt: string;
    }
  | { readonly kind: 'failed'; readonly error: ChatError };

export interface QueueEntry {
  readonly row: PendingRow;
  readonly status: EntryStatus;
}

interface LanePorts {
  readonly timers: Timers;
  readonly random: () => number;
  /** Sends an attempt; gives its ref, or null where there is no ready link. */
  readonly transmit: (row: PendingRow) => string | null;
  readonly changed: () => void;
}

/**
 * The unsent messages of one conversation, first in, first out. Many may be on their way at once, but none is sent
 * before those ahead of it were; and when one is refused for now, it and all behind it are sent again in order.
 */
export class Lane {
  readonly #ports: LanePorts;
  #entries: readonly QueueEntry[] = [];
  #cancelPause: (() => void) | null = null;
  /** Refusals in a row, for the back-off. */
  #refusals = 0;

  constructor(ports: LanePorts) {
    this.#ports = ports;
  }

  get entries(): readonly QueueEntry[] {
    return this.#entries;
  }

  add(row: PendingRow, status: EntryStatus): void {
    const entries = [...this.#entries, { row, status }];
    // Rows of a tab that died are older than what was written here meanwhile.
    this.#set(entries.sort((one, other) => one.row.place - other.row.place));
  }

  find(clientMessageId: string): QueueEntry | null {
    return this.#entries.find(({ row }) => row.clientMessageId === clientMessageId) ?? null;
  }

  update(clientMessageId: string, status: EntryStatus, row?: PendingRow): void {
    this.#set(
      this.#entries.map((entry) =>
        entry.row.clientMessageId === clientMessageId ? { row: row ?? entry.row, status } : entry,
      ),
    );
  }

  remove(clientMessageId: string): void {
    this.#set(this.#entries.filter(({ row }) => row.clientMessageId !== clientMessageId));
  }

  /** Acknowledged messages stay to be seen until the log has brought them. */
  removeAcknowledged(throughSequence: number): void {
    const left = this.#entries.filter(
      ({ status }) => status.kind !== 'acknowledged' || status.sequence > throughSequence,
    );
    if (left.length !== this.#entries.length) this.#set(left);
  }

  /** Sends what may be sent. */
  pump(): void {
    if (this.#cancelPause !== null) return;
    let inFlight = this.#entries.filter(({ status }) => status.kind === 'sending').length;
    for (const { row, status } of this.#entries) {
      if (status.kind === 'storing' || inFlight >= IN_FLIGHT_MAX) return;
      if (status.kind !== 'queued') continue;
      const ref = this.#ports.transmit(row);
      if (ref === null) return;
      this.update(row.clientMessageId, { kind: 'sending', ref });
      inFlight += 1;
    }
  }

  /** The server took one: whatever was wrong is over. */
  succeeded(): void {
    this.#refusals = 0;
  }

  /** One was refused for now. All behind it on the link will be refused too, so they wait with it. */
  refused(clientMessageId: string, error: ChatError): void {
    const place = this.#entries.findIndex(({ row }) => row.clientMessageId === clientMessageId);
    if (place < 0) return;
    const isFollowing = error.code === 'after_previous' && this.#hasQueuedBefore(place);
    this.#requeue(place);
    // It waits for the one ahead, whose wait is running.
    if (isFollowing && this.#cancelPause !== null) return;
    this.#pause(this.#waitMs(error));
  }

  /** The link is gone: nobody knows what became of those on their way, so they are sent again on the next one. */
  linkLost(): void {
    this.#requeue(0);
    this.#endPause();
    this.#refusals = 0;
  }

  /** The user does not want to wait. */
  hurry(): void {
    this.#endPause();
    this.pump();
  }

  stop(): void {
    this.#endPause();
  }

  #hasQueuedBefore(place: number): boolean {
    return this.#entries.slice(0, place).some(({ status }) => status.kind === 'queued');
  }

  #requeue(from: number): void {
    this.#set(
      this.#entries.map((entry, place) =>
        place >= from && entry.status.kind === 'sending'
          ? { row: entry.row, status: { kind: 'queued' } }
          : entry,
      ),
    );
  }

  #waitMs(error: ChatError): number {
    const random = this.#ports.random();
    if (error.afterMs !== null) return askedWaitMs(error.afterMs, random);
    if (error.retry === 'after_auth' || error.retry === 'after_resume') return OTHERS_TURN_MS;
    return fullJitterMs(this.#refusals, random);
  }

  #pause(delayMs: number): void {
    this.#endPause();
    this.#refusals += 1;
    this.#cancelPause = this.#ports.timers.after(delayMs, () => {
      this.#cancelPause = null;
      this.pump();
    });
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = null;
  }

  #set(entries: readonly QueueEntry[]): void {
    this.#entries = entries;
    this.#ports.changed();
  }
}
