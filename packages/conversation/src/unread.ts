/** A place in a log: its sequence and how many countable events stand up to it. */
export interface Place {
  readonly sequence: number;
  readonly ordinal: number;
}

/**
 * Unread, the one formula: messages of others above the floor. Derived from the log, never counted up, so that edits,
 * member changes and one's own messages can never raise it.
 */
export function unreadCount(headOrdinal: number, floorOrdinal: number, ownAboveFloor: number): number {
  return Math.max(0, headOrdinal - floorOrdinal - ownAboveFloor);
}

/** The floor: the later of what was read and the latest join. */
export function unreadFloor(read: Place | null, joined: Place): Place {
  return read !== null && read.sequence > joined.sequence ? read : joined;
}

/**
 * Unread as a device follows it between two words of the server. `own` are the user's messages above the floor:
 * a count up to `ownThrough`, and since then one sequence each.
 */
export interface UnreadState {
  readonly floor: Place;
  readonly head: Place;
  readonly ownThrough: number;
  readonly ownCount: number;
  readonly ownSince: readonly number[];
}

/** Begins from what the server said: unread at a head. */
export function unreadFrom(floor: Place, head: Place, unread: number): UnreadState {
  const ownCount = Math.max(0, head.ordinal - floor.ordinal - unread);
  return { floor, head, ownThrough: head.sequence, ownCount, ownSince: [] };
}

/** The unread count of a state. */
export function unreadOf(state: UnreadState): number {
  return unreadCount(state.head.ordinal, state.floor.ordinal, state.ownCount + state.ownSince.length);
}

/** Follows one event of the log. Events at or below the head change nothing. */
export function unreadAfterEvent(
  state: UnreadState,
  event: Place & { readonly ownMessage: boolean },
): UnreadState {
  if (event.sequence <= state.head.sequence) return state;
  const head = { sequence: event.sequence, ordinal: event.ordinal };
  const counts = event.ownMessage && event.sequence > state.floor.sequence;
  return { ...state, head, ownSince: counts ? [...state.ownSince, event.sequence] : state.ownSince };
}

/** What the server says of the user's own read position: the floor, and the unread above it at a head. */
export interface FloorNews {
  readonly floor: Place;
  readonly head: Place;
  readonly unread: number;
}

/** Moves the floor, never back. Own messages that came after the server's head are kept. */
export function unreadAfterRead(state: UnreadState, news: FloorNews): UnreadState {
  if (news.floor.sequence < state.floor.sequence) return state;
  const base = unreadFrom(news.floor, news.head, news.unread);
  if (news.head.sequence >= state.head.sequence) return base;
  const ownSince = state.ownSince.filter((sequence) => sequence > news.head.sequence);
  if (state.ownThrough <= news.head.sequence) return { ...base, head: state.head, ownSince };
  // The server spoke of an older head than the one our count goes up to, so only reading up to ours is certain.
  if (news.floor.sequence >= state.ownThrough) return { ...base, head: state.head, ownSince };
  return state;
}

/** The user reads up to the head on this device; nothing is left above. */
export function unreadAfterReadingAll(state: UnreadState): UnreadState {
  return { floor: state.head, head: state.head, ownThrough: state.head.sequence, ownCount: 0, ownSince: [] };
}
