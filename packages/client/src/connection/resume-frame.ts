import { type Authenticate, limits } from '@confab/protocol';

/** What the rest of an authenticate frame may take, with room for what proxies and JSON add. */
const ENVELOPE_BYTES = 1_024;
/** Pending sends are idempotent without being named; so cursors get the larger part. */
const PENDING_BYTES_MAX = 4 * 1024;

interface ResumeWishes {
  /** By importance. */
  readonly cursors: readonly { readonly conversationId: string; readonly eventId: string }[];
  /** Oldest first. */
  readonly pending: readonly (readonly [conversationId: string, clientMessageId: string])[];
  readonly tokenBytes: number;
}

/** As much of the wishes as the frame before `ready` has room for, and whose cursors these are. */
export function resumeOf({ cursors, pending, tokenBytes }: ResumeWishes): {
  readonly resume: NonNullable<Authenticate['resume']>;
  readonly handedOver: readonly string[];
} {
  // Ids are ASCII, so characters are bytes.
  let room = limits.frameBeforeReadyBytesMax - ENVELOPE_BYTES - tokenBytes;
  const named: [string, string][] = [];
  let pendingRoom = Math.min(room, PENDING_BYTES_MAX);
  for (const [conversationId, clientMessageId] of pending.slice(0, limits.resumePendingMax)) {
    const bytes = conversationId.length + clientMessageId.length + 8;
    if (bytes > pendingRoom) break;
    pendingRoom -= bytes;
    room -= bytes;
    named.push([conversationId, clientMessageId]);
  }
  const handed: (typeof cursors)[number][] = [];
  for (const cursor of cursors.slice(0, limits.resumeCursorsMax)) {
    const bytes = cursor.eventId.length + 3;
    if (bytes > room) break;
    room -= bytes;
    handed.push(cursor);
  }
  return {
    resume: { cursors: handed.map(({ eventId }) => eventId), pending: named },
    handedOver: handed.map(({ conversationId }) => conversationId),
  };
}
