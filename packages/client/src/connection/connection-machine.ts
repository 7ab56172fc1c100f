/**
 * The life of a connection as a table. Every state has a cell for every event, so a new state or event does not
 * compile before all its cells were thought about. What is *done* on the way stands in `connection.ts`.
 */
export const connectionStates = [
  'offline',
  'connecting',
  'authenticating',
  'catching_up',
  'live',
  'waiting',
  'draining',
  'stopped',
] as const;

export type ConnectionStateName = (typeof connectionStates)[number];

export const connectionEvents = [
  /** The user wants a connection, now. */
  'connect',
  /** The user wants none. */
  'close',
  'network_lost',
  'network_found',
  /** The way is open: `authenticate` may be said. */
  'opened',
  'ready',
  'caught_up',
  'drain',
  /** The link broke, timed out or was closed with "resume". */
  'lost',
  /** The same, and the server or the token endpoint asked for a pause. */
  'told_to_wait',
  /** The token was refused; the next attempt brings another. */
  'token_refused',
  'told_to_stop',
  /** The timer of the state ran out. */
  'time_passed',
] as const;

export type ConnectionEventName = (typeof connectionEvents)[number];

type Row = Readonly<Record<ConnectionEventName, ConnectionStateName>>;

export const transitions: Readonly<Record<ConnectionStateName, Row>> = {
  stopped: {
    connect: 'connecting',
    close: 'stopped',
    network_lost: 'stopped',
    network_found: 'stopped',
    opened: 'stopped',
    ready: 'stopped',
    caught_up: 'stopped',
    drain: 'stopped',
    lost: 'stopped',
    told_to_wait: 'stopped',
    token_refused: 'stopped',
    told_to_stop: 'stopped',
    time_passed: 'stopped',
  },
  offline: {
    // Platforms are sometimes wrong about being offline, so a user who insists gets an attempt.
    connect: 'connecting',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'connecting',
    opened: 'offline',
    ready: 'offline',
    caught_up: 'offline',
    drain: 'offline',
    lost: 'offline',
    told_to_wait: 'offline',
    token_refused: 'offline',
    told_to_stop: 'stopped',
    time_passed: 'offline',
  },
  connecting: {
    connect: 'connecting',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'connecting',
    opened: 'authenticating',
    ready: 'connecting',
    caught_up: 'connecting',
    drain: 'waiting',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'waiting',
  },
  authenticating: {
    connect: 'authenticating',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'authenticating',
    opened: 'authenticating',
    ready: 'catching_up',
    caught_up: 'authenticating',
    drain: 'waiting',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'waiting',
  },
  catching_up: {
    connect: 'catching_up',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'catching_up',
    opened: 'catching_up',
    ready: 'catching_up',
    caught_up: 'live',
    drain: 'draining',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'catching_up',
  },
  live: {
    connect: 'live',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'live',
    opened: 'live',
    ready: 'live',
    caught_up: 'live',
    drain: 'draining',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'live',
  },
  waiting: {
    connect: 'connecting',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'connecting',
    opened: 'waiting',
    ready: 'waiting',
    caught_up: 'waiting',
    drain: 'waiting',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'connecting',
  },
  draining: {
    connect: 'connecting',
    close: 'stopped',
    network_lost: 'offline',
    network_found: 'draining',
    opened: 'draining',
    ready: 'draining',
    caught_up: 'draining',
    drain: 'draining',
    lost: 'waiting',
    told_to_wait: 'waiting',
    token_refused: 'waiting',
    told_to_stop: 'stopped',
    time_passed: 'connecting',
  },
};

/** Whether a link may exist in a state; leaving these closes it. */
export function hasLink(state: ConnectionStateName): boolean {
  switch (state) {
    case 'connecting':
    case 'authenticating':
    case 'catching_up':
    case 'live':
    case 'draining':
      return true;
    case 'offline':
    case 'waiting':
    case 'stopped':
      return false;
  }
}

/** Whether operations may be sent in a state. */
export function isReady(state: ConnectionStateName): boolean {
  return state === 'catching_up' || state === 'live' || state === 'draining';
}
