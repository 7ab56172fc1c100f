/**
 * Every bound of the wire, with its unit last. A peer that crosses one gets the coded error named beside it;
 * `hello.limits` carries those a client has to know.
 */
export const limits = {
  /** One inbound WebSocket frame or HTTP body once a connection is ready; `too_large`. */
  frameBytesMax: 256 * 1024,
  /** The same before `ready`, when we do not know yet who speaks; `too_large`. */
  frameBeforeReadyBytesMax: 16 * 1024,
  /** Frames a connection may send before it is authenticated; close code 4201. */
  framesBeforeReadyMax: 16,
  /** Time from the open socket to a valid `authenticate`; close code 4201. */
  authenticationDeadlineMs: 10_000,
  /** A message's body, in bytes of UTF-8; `too_large`. */
  bodyBytesMax: 64 * 1024,
  /** Body of the last message as lists show it, in bytes of UTF-8. */
  previewBytesMax: 256,
  titleCharactersMax: 200,
  displayNameCharactersMax: 80,
  usernameCharactersMin: 3,
  usernameCharactersMax: 32,
  passwordCharactersMin: 8,
  passwordCharactersMax: 256,
  /** One page of events, messages or members: whichever comes first. */
  pageItemsMax: 200,
  pageBytesMax: 192 * 1024,
  pageItemsDefault: 50,
  /** One `heads` frame. */
  headsPageBytesMax: 64 * 1024,
  /** Resume cursors and pending sends that one `authenticate` may carry. */
  resumeCursorsMax: 200,
  resumePendingMax: 100,
  /** Events one conversation may be behind and still be replayed; beyond it the answer is `reset`. */
  replayEventsMax: 10_000,
  /** Members named in one request. */
  membersPerRequestMax: 200,
  membersPerGroupMax: 5_000,
  mentionsMax: 50,
  /** Live connections of one (user, device), each tab being one; the oldest is closed with 4301. */
  connectionsPerDeviceMax: 8,
  devicesPerUserMax: 32,
  /**
   * Connections that have not yet authenticated, per node; more are refused with `unavailable` (503 and Retry-After)
   * at the upgrade or stream.
   */
  connectionsBeforeReadyMax: 10_000,
  /** Connections and waiting polls of one user on a node; another poll is refused with `rate_limited`. */
  sessionsPerUserMax: 256,
  /** Requests of one connection that are not yet answered; more are refused with `rate_limited`. */
  requestsUnderWayMax: 1_000,
  /** Frames in one `POST /v1/frames`. */
  framesPerPostMax: 100,
  /** The longest a long poll waits. */
  longPollWaitMsMax: 25_000,
  /** What may wait for one slow reader before it is told to sync instead. */
  outboundBytesMax: 1024 * 1024,
  /** Server ping and how long its answer may take; any inbound frame counts as an answer. */
  heartbeatIntervalMs: 25_000,
  heartbeatTimeoutMs: 8_000,
  /** A typing note is shown this long and need not be repeated sooner than half of it. */
  typingShownMs: 6_000,
} as const;

/** The part of `limits` a client needs; sent in `hello`. */
export const announcedLimits = {
  frameBytesMax: limits.frameBytesMax,
  bodyBytesMax: limits.bodyBytesMax,
  pageItemsMax: limits.pageItemsMax,
  resumeCursorsMax: limits.resumeCursorsMax,
  resumePendingMax: limits.resumePendingMax,
  replayEventsMax: limits.replayEventsMax,
  membersPerRequestMax: limits.membersPerRequestMax,
  typingShownMs: limits.typingShownMs,
} as const;
