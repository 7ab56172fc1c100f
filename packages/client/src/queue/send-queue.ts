import type { ClientFrame, ServerFrameOf } from '@confab/protocol';
import { Cell } from '../cell.ts';
import type { Timers } from '../client-types.ts';
import type { Emitter } from '../emitter.ts';
import { ChatError, toChatError } from '../errors.ts';
import type { PendingMessage, SendOptions } from '../timeline-types.ts';
import { Lane, type QueueEntry } from './lane.ts';
import { checkBody } from './message-body.ts';
import type { PendingRow, PendingStore } from './pending-store.ts';

/** Unsent messages one tab keeps. Who writes more than that without a connection is a program. */
const PENDING_MAX = 5_000;

export interface SendQueuePorts {
  readonly store: PendingStore;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
  readonly instanceId: string;
  /** The user of this device; null where nobody is logged in. */
  readonly me: () => string | null;
  readonly emitter: Emitter;
  /** False where there is no ready link. */
  readonly send: (frame: ClientFrame) => boolean;
  /** The newest sequence applied of a conversation; what was acknowledged up to there is in its window. */
  readonly appliedThrough: (conversationId: string) => number;
  readonly tokenRefused: () => void;
  readonly reconnect: () => void;
  readonly changed: (conversationId: string) => void;
}

/** What was acknowledged: by an answer, on resume, or by the event itself. */
interface Acknowledgement {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly messageId: string;
  readonly sequence: number;
  readonly sentAt: string;
}

/** The labels that an error carries back. */
interface RefusedAttempt {
  readonly ref?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly clientMessageId?: string | undefined;
}

/**
 * The outbox. A message is on storage before its first attempt and leaves it when it is acknowledged or given up, and
 * not otherwise; so neither a crash nor a lost answer loses or doubles it.
 */
export class SendQueue {
  readonly pendingCount = new Cell(0);
  readonly #ports: SendQueuePorts;
  readonly #lanes = new Map<string, Lane>();
  /** Sends that were refused for now on this link and not sent again: the server holds back what is behind them. */
  readonly #heldBack = new Set<string>();
  #lastPlace = 0;
  #attempts = 0;

  constructor(ports: SendQueuePorts) {
    this.#ports = ports;
  }

  /** What of a conversation waits or was just acknowledged, in order. */
  entries(conversationId: string): readonly QueueEntry[] {
    return this.#lanes.get(conversationId)?.entries ?? [];
  }

  /** Resolves once the message is on storage. */
  async enqueue(
    conversationId: string,
    body: string,
    options: SendOptions & { readonly readThrough: number | null },
  ): Promise<{ clientMessageId: string }> {
    const userId = this.#ports.me();
    if (userId === null) throw new ChatError('signed_out');
    checkBody(body);
    if (this.pendingCount.get() >= PENDING_MAX)
      throw new ChatError('storage', `${PENDING_MAX} messages wait already`);
    const row: PendingRow = {
      clientMessageId: this.#ports.newId(),
      userId,
      conversationId,
      instanceId: this.#ports.instanceId,
      place: this.#nextPlace(),
      queuedAt: new Date(this.#ports.timers.now()).toISOString(),
      body,
      format: options.format ?? null,
      replyTo: options.replyTo ?? null,
      mentions: options.mentions ?? [],
      readThrough: options.readThrough,
      failure: null,
    };
    const lane = this.#lane(conversationId);
    lane.add(row, { kind: 'storing' });
    try {
      await this.#ports.store.keep(row);
    } catch (error) {
      lane.remove(row.clientMessageId);
      lane.pump();
      throw error;
    }
    // It may have been discarded meanwhile.
    if (lane.find(row.clientMessageId) !== null) lane.update(row.clientMessageId, { kind: 'queued' });
    lane.pump();
    return { clientMessageId: row.clientMessageId };
  }

  /** Takes over what an earlier run or a closed tab left unsent. */
  async adopt(): Promise<void> {
    const userId = this.#ports.me();
    if (userId === null) return;
    for (const row of await this.#ports.store.adopt(userId)) {
      const lane = this.#lane(row.conversationId);
      if (lane.find(row.clientMessageId) !== null) continue;
      this.#lastPlace = Math.max(this.#lastPlace, row.place);
      const { failure } = row;
      if (failure === null) lane.add(row, { kind: 'queued' });
      else lane.add(row, { kind: 'failed', error: new ChatError(failure.code, failure.message) });
    }
    this.#pumpAll();
  }

  /** What a resume asks about, oldest first. */
  pendingKeys(): [conversationId: string, clientMessageId: string][] {
    return [...this.#lanes.values()]
      .flatMap((lane) => lane.entries)
      .filter(({ status }) => status.kind === 'queued' || status.kind === 'sending')
      .sort((one, other) => one.row.place - other.row.place)
      .map(({ row }) => [row.conversationId, row.clientMessageId]);
  }

  ready(frame: ServerFrameOf<'ready'>): void {
    for (const [conversationId, clientMessageId, messageId, sequence, sentAt] of frame.landed) {
      this.acknowledge({ conversationId, clientMessageId, messageId, sequence, sentAt });
    }
    this.#pumpAll();
  }

  linkLost(): void {
    this.#heldBack.clear();
    for (const lane of this.#lanes.values()) lane.linkLost();
  }

  acknowledge(fact: Acknowledgement): void {
    const lane = this.#lanes.get(fact.conversationId);
    const entry = lane?.find(fact.clientMessageId) ?? null;
    if (lane === undefined || entry === null || entry.status.kind === 'acknowledged') return;
    const { messageId, sequence, sentAt, conversationId, clientMessageId } = fact;
    lane.succeeded();
    // It was refused on this link, and landed all the same: no attempt follows that would open the way behind it.
    if (this.#heldBack.delete(clientMessageId)) this.#abandon(conversationId, clientMessageId);
    lane.update(clientMessageId, { kind: 'acknowledged', messageId, sequence, sentAt });
    // A row that stays behind is sent once more by a later run, and found to have landed.
    this.#ports.store.drop(clientMessageId).catch((error: unknown) => this.#failed(error));
    this.applied(conversationId, this.#ports.appliedThrough(conversationId));
    this.#ports.emitter.emit('acknowledged', { conversationId, clientMessageId, messageId, sequence });
    lane.pump();
  }

  /** The log was applied up to here; what was acknowledged below is in the window now. */
  applied(conversationId: string, throughSequence: number): void {
    this.#lanes.get(conversationId)?.removeAcknowledged(throughSequence);
  }

  /** The place in the log may have moved without events, past what was acknowledged: as after being away from it. */
  moved(conversationId: string): void {
    if (this.#lanes.has(conversationId))
      this.applied(conversationId, this.#ports.appliedThrough(conversationId));
  }

  /** An error that belongs to a send of this queue. False where it is somebody else's. */
  refused({ ref, conversationId, clientMessageId }: RefusedAttempt, error: ChatError): boolean {
    for (const lane of this.#lanes.values()) {
      const entry = lane.entries.find(({ status }) => status.kind === 'sending' && status.ref === ref);
      if (entry === undefined) continue;
      if (error.retry !== 'never') this.#heldBack.add(entry.row.clientMessageId);
      this.#refusedEntry(lane, entry, error);
      return true;
    }
    // Answers of earlier attempts are no news for anybody else; but where no attempt follows, the server need not wait.
    if (!(ref?.startsWith(SEND_REF) ?? false)) return false;
    const isOpen = conversationId !== undefined && clientMessageId !== undefined && error.retry !== 'never';
    if (isOpen && !this.#isToBeSent(conversationId, clientMessageId))
      this.#abandon(conversationId, clientMessageId);
    return true;
  }

  #isToBeSent(conversationId: string, clientMessageId: string): boolean {
    const kind = this.#lanes.get(conversationId)?.find(clientMessageId)?.status.kind;
    return kind === 'queued' || kind === 'sending' || kind === 'storing';
  }

  /** The server holds later sends back for one that it refused for now; it is told not to wait any more. */
  #abandon(conversationId: string, clientMessageId: string): void {
    this.#ports.send({ type: 'abandon_send', conversationId, clientMessageId });
  }

  async retry(conversationId: string, clientMessageId: string): Promise<void> {
    const lane = this.#lanes.get(conversationId);
    const entry = lane?.find(clientMessageId) ?? null;
    if (lane === undefined || entry === null) return;
    if (entry.status.kind === 'failed') {
      const row = { ...entry.row, failure: null };
      // Queued first: what is written behind it now is to go out behind it.
      lane.update(clientMessageId, { kind: 'queued' }, row);
      await this.#ports.store.keep(row);
    }
    lane.hurry();
  }

  async discard(conversationId: string, clientMessageId: string): Promise<boolean> {
    const lane = this.#lanes.get(conversationId);
    const entry = lane?.find(clientMessageId) ?? null;
    if (lane === undefined || entry === null) return false;
    if (entry.status.kind === 'acknowledged' || entry.status.kind === 'sending') return false;
    lane.remove(clientMessageId);
    await this.#ports.store.drop(clientMessageId);
    if (entry.status.kind === 'queued') this.#abandon(conversationId, clientMessageId);
    lane.hurry();
    return true;
  }

  /** Another user begins, or the client ends. Storage is left as it is. */
  clear(): void {
    for (const [conversationId, lane] of this.#lanes) {
      lane.stop();
      this.#lanes.delete(conversationId);
      this.#changed(conversationId);
    }
  }

  #refusedEntry(lane: Lane, entry: QueueEntry, error: ChatError): void {
    const { clientMessageId } = entry.row;
    switch (error.retry) {
      case 'never':
        this.#giveUp(lane, entry.row, error);
        return;
      case 'later':
        lane.refused(clientMessageId, error);
        return;
      case 'after_auth':
        lane.refused(clientMessageId, error);
        this.#ports.tokenRefused();
        return;
      case 'after_resume':
        lane.refused(clientMessageId, error);
        this.#ports.reconnect();
    }
  }

  #giveUp(lane: Lane, refused: PendingRow, error: ChatError): void {
    const row = { ...refused, failure: { code: error.code, message: error.message } };
    lane.update(row.clientMessageId, { kind: 'failed', error }, row);
    this.#ports.store.keep(row).catch((thrown: unknown) => this.#failed(thrown));
    this.#ports.emitter.emit('send_failed', { pending: pendingOf(row), error });
    lane.pump();
  }

  #lane(conversationId: string): Lane {
    const known = this.#lanes.get(conversationId);
    if (known !== undefined) return known;
    const lane = new Lane({
      timers: this.#ports.timers,
      random: this.#ports.random,
      transmit: (row) => this.#transmit(row),
      changed: () => this.#changed(conversationId),
    });
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  #transmit(row: PendingRow): string | null {
    this.#attempts += 1;
    const ref = `${SEND_REF}${this.#attempts}`;
    const { conversationId, clientMessageId, body, format, replyTo, mentions, readThrough } = row;
    this.#heldBack.delete(clientMessageId);
    const isSent = this.#ports.send({
      type: 'send_message',
      ref,
      conversationId,
      clientMessageId,
      body,
      ...(format === null ? {} : { format }),
      ...(replyTo === null ? {} : { replyTo }),
      ...(mentions.length === 0 ? {} : { mentions: [...mentions] }),
      ...(readThrough === null ? {} : { readThrough }),
    });
    return isSent ? ref : null;
  }

  #pumpAll(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** Clocks go back at times; the order of sending does not. */
  #nextPlace(): number {
    this.#lastPlace = Math.max(this.#lastPlace + 1, this.#ports.timers.now());
    return this.#lastPlace;
  }

  #changed(conversationId: string): void {
    let count = 0;
    for (const lane of this.#lanes.values()) {
      for (const { status } of lane.entries) {
        if (status.kind !== 'acknowledged' && status.kind !== 'failed') count += 1;
      }
    }
    this.pendingCount.set(count);
    this.#ports.changed(conversationId);
  }

  #failed(thrown: unknown): void {
    this.#ports.emitter.emit('error', toChatError(thrown));
  }
}

const SEND_REF = 'send-';

function pendingOf(row: PendingRow): PendingMessage {
  const { conversationId, clientMessageId, body, format, replyTo, mentions, queuedAt } = row;
  return { conversationId, clientMessageId, body, format, replyTo, mentions, queuedAt };
}
