/**
 * Watermarks: how far a device has received (`delivered`) and a user has read (`read`) a conversation.
 *
 * - `[CUR1]` A watermark never goes back, in whatever order advances arrive.
 * - `[CUR2]` `read` is one a user; `delivered` one a device, and a user's is the highest of their devices.
 * - `[CUR3]` What `advance` has answered is seen by every later read.
 */
export interface Cursors {
  advance(advances: readonly CursorAdvance[]): Promise<void>;
  /** The watermarks of all members who have any. */
  ofConversation(conversationId: string): Promise<readonly UserCursor[]>;
  /** The watermarks at each place, or null; in the order asked. */
  get(places: readonly CursorPlace[]): Promise<readonly (UserCursor | null)[]>;
}

/** One user's watermarks in one conversation. */
export interface CursorPlace {
  readonly conversationId: string;
  readonly userId: string;
}

/** A watermark that wants to move up to a sequence. */
export interface CursorAdvance {
  readonly conversationId: string;
  readonly userId: string;
  /** The device for `delivered`; ignored for `read`. */
  readonly deviceId: string;
  readonly kind: 'delivered' | 'read';
  readonly sequence: number;
  /** The ordinal of the event at `sequence`. */
  readonly ordinal: number;
}

/** How far a user has received and read, as sequences; 0 where nothing yet. */
export interface UserCursor {
  readonly userId: string;
  readonly delivered: number;
  readonly read: number;
  /** The ordinal of the event at `read`. */
  readonly readOrdinal: number;
}
