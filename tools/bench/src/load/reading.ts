import { EMPTY_FINGERPRINT, withEvent } from '../check/fingerprint.ts';

/** What a device has read of one conversation, from where it came in. */
export class Reading {
  readonly conversationId: string;
  /** The sequence after which it reads. */
  readonly base: number;
  /** Of the last event that it applied. */
  last: number;
  /** Its event id: the cursor to go on from. */
  cursor: string;
  fingerprint = EMPTY_FINGERPRINT;
  /** Whether it has asked for what it missed and waits for the answer. */
  isSyncing = false;

  constructor(conversationId: string, base: number, cursor: string) {
    this.conversationId = conversationId;
    this.base = base;
    this.last = base;
    this.cursor = cursor;
  }

  apply(sequence: number, eventId: string, number: number): void {
    this.last = sequence;
    this.cursor = eventId;
    this.fingerprint = withEvent(this.fingerprint, sequence, number);
  }
}
