import {
  type Authenticate,
  type ClientFrame,
  closeAction,
  closeCodes,
  PROTOCOL_VERSION,
  type ServerFrame,
  type ServerFrameOf,
} from '@confab/protocol';
import { Cell } from '../cell.ts';
import type { ClientLogger, ConnectionState, StopReason, Timers } from '../client-types.ts';
import { type ChatError, toChatError } from '../errors.ts';
import { errorOfWire } from '../http/problem.ts';
import type { PageWatch } from '../platform/page-watch.ts';
import type { TokenSource } from '../session/token-source.ts';
import type { TransportChoice } from '../transport/transport-choice.ts';
import type { Link, LinkClose } from '../transport/transport.ts';
import { askedWaitMs, fullJitterMs } from './backoff.ts';
import {
  type ConnectionEventName,
  type ConnectionStateName,
  hasLink,
  isReady,
  transitions,
} from './connection-machine.ts';
import { Heartbeat } from './heartbeat.ts';
import { TokenRenewal } from './token-renewal.ts';
import { UpgradeProbe } from './upgrade-probe.ts';

const OPEN_TIMEOUT_MS = 15_000;
const AUTHENTICATE_TIMEOUT_MS = 20_000;
/** A wait of the server's that came without a length. */
const ASKED_WAIT_DEFAULT_MS = 5_000;
/** A connection that lived this long was a success; its end begins the back-off anew. */
const STABLE_AFTER_MS = 5_000;
const RENEW_REF = 'renew';

interface ConnectionHandlers {
  /** Who we are and, unless it only renews the token, where we stopped. */
  readonly authenticate: (token: string, purpose: 'resume' | 'renew') => Authenticate;
  readonly ready: (frame: ServerFrameOf<'ready'>) => void;
  readonly caughtUp: () => void;
  /** Anything after `ready` that is not the connection's own affair. */
  readonly frame: (frame: ServerFrame) => void;
  /** A link that was ready is gone. What was on its way may have arrived or not. */
  readonly lost: () => void;
  /** The server ended the session. */
  readonly signedOut: () => void;
}

export interface ConnectionOptions {
  readonly choice: TransportChoice;
  readonly tokens: TokenSource;
  readonly timers: Timers;
  readonly random: () => number;
  readonly page: PageWatch;
  readonly logger: ClientLogger;
  readonly handlers: ConnectionHandlers;
}

/** What is done as the machine goes from state to state. The states themselves stand in `connection-machine.ts`. */
export class ConnectionLife {
  readonly state = new Cell<ConnectionState>({ kind: 'stopped', reason: 'not_started' });
  readonly #options: ConnectionOptions;
  readonly #heartbeat: Heartbeat;
  readonly #renewal: TokenRenewal;
  readonly #probe: UpgradeProbe;
  #name: ConnectionStateName = 'stopped';
  #link: Link | null = null;
  /** Tells the callbacks of the present link from those of earlier ones. */
  #generation = 0;
  /** Whether the server was heard on the present link. */
  #isGreeted = false;
  #refusals = 0;
  #attempt = 0;
  #afterMs: number | null = null;
  #liveSinceMs: number | null = null;
  /** When the server that goes away wants this device to come back. */
  #drainedAtMs: number | null = null;
  #stopReason: StopReason = 'closed';
  #cancelTimer: (() => void) | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#heartbeat = new Heartbeat({
      timers: options.timers,
      sendPing: () => this.#link?.send({ type: 'ping' }),
      dead: () => this.#dispatch('lost'),
    });
    this.#renewal = new TokenRenewal(options, (token) => {
      this.#link?.send({ ...options.handlers.authenticate(token, 'renew'), ref: RENEW_REF });
    });
    this.#probe = new UpgradeProbe(options.timers, () => {
      options.choice.reset();
      this.#dispatch('lost');
    });
  }

  get isReady(): boolean {
    return isReady(this.#name);
  }

  /** Whether what was missed has come in, so that a hole is a hole and not the backfill on its way. */
  get isCaughtUp(): boolean {
    return this.isReady && this.#liveSinceMs !== null;
  }

  readonly connect = (): void => {
    this.#dispatch('connect');
    if (this.#name === 'connecting' && !this.#options.page.isOnline()) this.#dispatch('network_lost');
  };

  readonly close = (reason: StopReason = 'closed'): void => {
    this.#stopReason = reason;
    this.#dispatch('close');
    // Nobody is to see "closed" where the truth is "signed out".
    if (this.#name === 'stopped') this.state.set({ kind: 'stopped', reason });
  };

  readonly networkLost = (): void => this.#dispatch('network_lost');

  readonly networkFound = (): void => {
    this.#options.choice.reset();
    this.#dispatch('network_found');
    this.#heartbeat.probe();
  };

  /** The user came back to the page: a wait nobody asked for is cut short. */
  readonly shown = (): void => {
    if (this.#name === 'waiting' && this.#afterMs === null) this.#dispatch('connect');
    this.#heartbeat.probe();
  };

  /** The server said that this link is of no more use for us. */
  readonly reconnect = (): void => this.#dispatch('lost');

  /** The token was refused in the middle of things. */
  readonly tokenRefused = (): void => {
    this.#renewal.refused();
    if (this.isReady) this.#renewal.renewNow();
  };

  /** Sends where there is a ready link; otherwise nothing happens, and whoever keeps the frame sends it later. */
  readonly send = (frame: ClientFrame): boolean => {
    if (!this.isReady || this.#link === null) return false;
    this.#link.send(frame);
    return true;
  };

  #dispatch(event: ConnectionEventName): void {
    const from = this.#name;
    const to = transitions[from][event];
    if (from === to) return;
    this.#options.logger.debug('connection', { from, event, to });
    this.#name = to;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const wasReady = isReady(from);
    if (hasLink(from) && (!hasLink(to) || to === 'connecting')) this.#dropLink();
    this.#enter(to, event);
    if (wasReady && !isReady(to)) this.#options.handlers.lost();
  }

  #enter(to: ConnectionStateName, event: ConnectionEventName): void {
    switch (to) {
      case 'connecting':
        this.state.set({ kind: 'connecting', attempt: this.#attempt });
        this.#open();
        return;
      case 'authenticating':
        this.state.set({ kind: 'authenticating' });
        this.#arm(AUTHENTICATE_TIMEOUT_MS, 'time_passed');
        void this.#authenticate(this.#generation);
        return;
      case 'catching_up':
        this.state.set({ kind: 'catching_up' });
        return;
      case 'live':
        this.#becomeLive();
        return;
      case 'waiting':
        this.#wait(event);
        return;
      case 'draining':
        this.state.set({ kind: 'draining' });
        this.#drainedAtMs = this.#options.timers.now() + (this.#afterMs ?? 0);
        this.#arm(this.#afterMs ?? 0, 'time_passed');
        return;
      case 'offline':
        this.#attempt = 0;
        this.state.set({ kind: 'offline' });
        return;
      case 'stopped':
        this.#attempt = 0;
        this.state.set({ kind: 'stopped', reason: this.#stopReason });
    }
  }

  #becomeLive(): void {
    const { current, preferred } = this.#options.choice;
    this.state.set({ kind: 'live', transport: current.kind });
    if (preferred !== null) this.#probe.start(preferred);
  }

  #wait(event: ConnectionEventName): void {
    const { timers, random, choice } = this.#options;
    if (!this.#isGreeted && (event === 'lost' || event === 'time_passed')) choice.failed();
    const wasStable = this.#liveSinceMs !== null && timers.now() - this.#liveSinceMs >= STABLE_AFTER_MS;
    if (wasStable) this.#attempt = 0;
    const delayMs = this.#delayMs(event, random());
    if (event !== 'told_to_wait') this.#afterMs = null;
    this.#attempt += 1;
    this.state.set({ kind: 'waiting', untilMs: timers.now() + delayMs, attempt: this.#attempt });
    this.#arm(delayMs, 'time_passed');
  }

  #delayMs(event: ConnectionEventName, random: number): number {
    if (event === 'told_to_wait') {
      const askedMs = this.#afterMs ?? ASKED_WAIT_DEFAULT_MS;
      return Math.max(askedWaitMs(askedMs, random), fullJitterMs(this.#attempt, random));
    }
    // The server closes when all is answered, but the spread it named is for those who come after.
    if (this.#drainedAtMs !== null) return Math.max(0, this.#drainedAtMs - this.#options.timers.now());
    // A new token deserves an attempt at once; a second refusal in a row is no matter of tokens.
    if (event === 'token_refused' && this.#refusals <= 1) return 0;
    return fullJitterMs(this.#attempt, random);
  }

  #arm(delayMs: number, event: ConnectionEventName): void {
    this.#cancelTimer = this.#options.timers.after(delayMs, () => this.#dispatch(event));
  }

  #open(): void {
    const generation = ++this.#generation;
    const isPresent = (): boolean => generation === this.#generation;
    this.#afterMs = null;
    this.#liveSinceMs = null;
    this.#drainedAtMs = null;
    this.#isGreeted = false;
    this.#arm(OPEN_TIMEOUT_MS, 'time_passed');
    this.#link = this.#options.choice.current.open({
      opened: () => {
        if (isPresent()) this.#opened();
      },
      heard: () => {
        if (isPresent()) this.#heartbeat.heard();
      },
      frame: (frame) => {
        if (!isPresent()) return;
        this.#heartbeat.heard();
        this.#take(frame);
      },
      answer: (frame) => {
        if (isPresent()) this.#take(frame);
      },
      closed: (close) => {
        if (isPresent()) this.#closed(close);
      },
    });
  }

  #opened(): void {
    this.#heartbeat.start();
    this.#dispatch('opened');
  }

  #closed(close: LinkClose): void {
    this.#options.logger.debug('link closed', { code: close.code, reason: close.reason, state: this.#name });
    this.#link = null;
    if (close.afterMs !== null) this.#afterMs = close.afterMs;
    switch (closeAction(close.code)) {
      case 'resume':
        this.#dispatch('lost');
        return;
      case 'resume_after_wait':
        this.#dispatch('told_to_wait');
        return;
      case 'authenticate':
        this.#refuseToken();
        return;
      case 'stop':
        this.#stop(stopReasonOf(close.code));
    }
  }

  #refuseToken(): void {
    this.#refusals += 1;
    this.#renewal.refused();
    this.#dispatch('token_refused');
  }

  #stop(reason: StopReason): void {
    this.#stopReason = reason;
    this.#dispatch('told_to_stop');
    if (reason === 'signed_out') this.#options.handlers.signedOut();
  }

  #dropLink(): void {
    this.#generation += 1;
    this.#heartbeat.stop();
    this.#renewal.stop();
    this.#probe.stop();
    const link = this.#link;
    this.#link = null;
    link?.close(1000, '');
  }

  async #authenticate(generation: number): Promise<void> {
    try {
      const token = await this.#renewal.token();
      if (generation === this.#generation)
        this.#link?.send(this.#options.handlers.authenticate(token, 'resume'));
    } catch (thrown) {
      if (generation === this.#generation) this.#tokenMissing(toChatError(thrown));
    }
  }

  #tokenMissing(error: ChatError): void {
    this.#afterMs = error.afterMs;
    if (error.retry === 'later') this.#dispatch(error.afterMs === null ? 'lost' : 'told_to_wait');
    else this.#stop('signed_out');
  }

  #take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#greeted(frame);
        return;
      case 'ready':
        if (frame.ref !== RENEW_REF) this.#ready(frame);
        return;
      case 'caught_up':
        this.#liveSinceMs ??= this.#options.timers.now();
        this.#dispatch('caught_up');
        this.#options.handlers.caughtUp();
        return;
      case 'drain':
        this.#afterMs = frame.afterMs;
        this.#dispatch('drain');
        return;
      case 'pong':
        return;
      case 'error':
        if (this.isReady && frame.ref !== RENEW_REF) break;
        this.#refused(errorOfWire(frame, null), frame.ref === RENEW_REF);
        return;
      default:
    }
    if (this.isReady) this.#options.handlers.frame(frame);
  }

  #greeted(frame: ServerFrameOf<'hello'>): void {
    this.#isGreeted = true;
    this.#options.choice.worked();
    this.#heartbeat.setInterval(frame.heartbeatIntervalMs);
    if (frame.protocol > PROTOCOL_VERSION) this.#stop('too_old');
  }

  #ready(frame: ServerFrameOf<'ready'>): void {
    this.#refusals = 0;
    this.#dispatch('ready');
    if (this.#name !== 'catching_up') return;
    this.#renewal.accepted();
    this.#options.handlers.ready(frame);
  }

  /** An error before `ready`, or about renewing the token. */
  #refused(error: ChatError, isOfRenewal: boolean): void {
    this.#afterMs = error.afterMs;
    if (isOfRenewal && error.retry === 'never' && error.code !== 'session_ended') {
      // This link cannot take a new token, as a stream whose frames reach another node; the next one begins with it.
      this.#dispatch('lost');
      return;
    }
    switch (error.retry) {
      case 'after_auth':
        this.#refuseToken();
        return;
      case 'later':
        this.#dispatch('told_to_wait');
        return;
      case 'after_resume':
        this.#dispatch('lost');
        return;
      case 'never':
        this.#stop(error.code === 'session_ended' ? 'signed_out' : 'refused');
    }
  }
}

function stopReasonOf(code: number): StopReason {
  if (code === closeCodes.signedOut) return 'signed_out';
  if (code === closeCodes.replaced) return 'replaced';
  if (code === closeCodes.protocolTooOld) return 'too_old';
  return 'refused';
}
