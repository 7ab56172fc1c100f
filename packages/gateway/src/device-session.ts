import type { ReceiptNews } from '@confab/contracts';
import {
  type Authenticated,
  type HeardEvent,
  type LocalSession,
  senderFrame,
  type SharedFrames,
} from '@confab/core';
import { closeCodes } from '@confab/protocol';
import type { Seated } from './hub.ts';
import { type EncodedFrame, encodedFrame, type Outbound } from './outbound.ts';
import { receiptText, typingText } from './server-texts.ts';

/** What a session asks of its connection. */
export interface SessionOwner {
  readonly id: string;
  readonly outbound: Outbound;
  /** How far the connection has come, which decides what may be passed on to it. */
  readonly hears: 'nothing' | 'receipts' | 'everything';
  /** Tells a reader that is behind where its conversations stand, where it has room for it. */
  catchUp(): void;
  close(code: number, reason: string): void;
}

/** Who an authenticated connection is, and its ear: what the user is to hear is queued here, or noted. */
export class DeviceSession implements LocalSession, Seated {
  readonly userId: string;
  readonly deviceId: string;
  readonly instanceId: string;
  readonly openedAtMs: number;
  readonly #owner: SessionOwner;
  /** When the token runs out; a renewed token moves it. */
  expiresAtMs: number;
  nextOfUser: Seated | null = null;

  constructor(
    owner: SessionOwner,
    proof: Authenticated,
    opening: { instanceId: string; openedAtMs: number },
  ) {
    this.#owner = owner;
    this.userId = proof.userId;
    this.deviceId = proof.deviceId;
    this.instanceId = opening.instanceId;
    this.openedAtMs = opening.openedAtMs;
    this.expiresAtMs = proof.expiresAtMs;
  }

  get connectionId(): string {
    return this.#owner.id;
  }

  get owner(): SessionOwner {
    return this.#owner;
  }

  receiveEvent(event: HeardEvent, shared: SharedFrames): void {
    const { outbound, hears } = this.#owner;
    if (hears === 'everything') {
      const frame =
        event.senderId === this.userId ? frameOfSender(event, shared) : frameOfOthers(event, shared);
      outbound.sayEvent(event.conversationId, event.sequence, frame);
    } else {
      outbound.noteBehind(event.conversationId, event.sequence);
    }
  }

  fellBehind(conversationId: string, sequence: number): void {
    this.#owner.outbound.noteBehind(conversationId, sequence);
    this.#owner.catchUp();
  }

  /** Before `ready` nothing may be said; what moved until then is in the heads, which are read after it. */
  receiveReceipt(news: ReceiptNews): void {
    if (this.#owner.hears !== 'nothing') this.#owner.outbound.sayReceipt(receiptText(news));
  }

  receiveTyping(conversationId: string, userId: string): void {
    if (this.#owner.hears === 'everything')
      this.#owner.outbound.sayTyping(typingText(conversationId, userId));
  }

  deviceRevoked(): void {
    this.#owner.close(closeCodes.signedOut, 'signed_out');
  }

  replaced(): void {
    this.#owner.close(closeCodes.replaced, 'replaced');
  }
}

function frameOfOthers(event: HeardEvent, shared: SharedFrames): EncodedFrame {
  shared.everyone ??= encodedFrame(event.json);
  return shared.everyone as EncodedFrame;
}

function frameOfSender(event: HeardEvent, shared: SharedFrames): EncodedFrame {
  shared.sender ??= encodedFrame(senderFrame(event));
  return shared.sender as EncodedFrame;
}
