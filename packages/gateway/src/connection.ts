import type { Clock, DeviceKey } from '@confab/contracts';
import type { Authenticated } from '@confab/core';
import {
  type Authenticate,
  type ClientFrame,
  closeCodes,
  ConfabError,
  type FrameLabels,
  labelsOf,
  limits,
  type OperationFrame,
} from '@confab/protocol';
import type { ConnectionState } from './connection-state.ts';
import { DeviceSession } from './device-session.ts';
import type { Flusher } from './flusher.ts';
import type { Hub } from './hub.ts';
import { readFrame } from './inbound-frame.ts';
import { Outbound } from './outbound.ts';
import { refusalOf } from './refusal.ts';
import { type Answer, type RequestPorts, Requests } from './requests.ts';
import { ConnectionResumeSink } from './resume.ts';
import type { ResumeTurns } from './resume-turns.ts';
import { errorText, helloText, pongText, renewedText } from './server-texts.ts';
import { tellHeads } from './tell-heads.ts';
import type { Transport } from './transport.ts';

/** What a connection needs of the node; one object for all of them. */
export interface ConnectionPorts extends RequestPorts {
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly hub: Hub<DeviceSession>;
  readonly turns: ResumeTurns;
  /** Seconds since the start, as the one timer of the node counts them. */
  readonly tick: () => number;
  /** Which of these devices are signed out or unknown. */
  readonly revokedAmong: (devices: readonly DeviceKey[]) => Promise<readonly DeviceKey[]>;
  /** One that had not authenticated did, or ended before it did. */
  readonly leftDoor: () => void;
  /** The connection has ended; `detached` resolves when core knows. */
  readonly ended: (connection: Connection, code: number, detached: Promise<void>) => void;
  /** The transport has let go of it. */
  readonly forgotten: (connection: Connection) => void;
}

/** Refused frames in a row after which a peer is taken for broken. */
export const badFramesInRowMax = 100;

/** One connection of a device, whatever carries it. */
export class Connection {
  readonly id: string;
  readonly transport: Transport;
  readonly outbound: Outbound;
  readonly #ports: ConnectionPorts;
  #state: ConnectionState;
  #requests: Requests | null = null;
  #badFramesInRow = 0;
  #isAttached = false;
  #isCatchingUp = false;
  /** When the peer was last heard, and when it was last asked for a sign of life, in ticks. */
  heardTick: number;
  beatTick: number;

  constructor(id: string, transport: Transport, ports: ConnectionPorts) {
    this.id = id;
    this.transport = transport;
    this.#ports = ports;
    this.heardTick = ports.tick();
    this.beatTick = this.heardTick;
    this.outbound = new Outbound(transport, ports.flusher, this);
    this.#state = {
      kind: 'awaiting_authentication',
      framesSeen: 0,
      isVerifying: false,
      sinceTick: this.heardTick,
    };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get session(): DeviceSession | null {
    return this.#state.kind === 'resuming' || this.#state.kind === 'live' ? this.#state.session : null;
  }

  get hears(): 'nothing' | 'receipts' | 'everything' {
    if (this.#state.kind === 'live') return 'everything';
    return this.#state.kind === 'resuming' && this.#state.isReady ? 'receipts' : 'nothing';
  }

  get tick(): number {
    return this.#ports.tick();
  }

  get rateKey(): string {
    return this.id;
  }

  get requestsUnderWay(): number {
    return this.#requests?.underWay ?? 0;
  }

  room(): Promise<void> {
    return this.outbound.room();
  }

  /** The first frame of every connection, unasked. */
  open(): void {
    this.outbound.say(helloText(this.id, this.#ports.clock.nowMs()));
    this.outbound.flush();
  }

  /** Text came in. */
  receive(text: string): void {
    this.heardTick = this.#ports.tick();
    const state = this.#state;
    switch (state.kind) {
      case 'awaiting_authentication':
        return this.#receiveEarly(text, state);
      case 'resuming':
        return state.isReady ? this.#receiveReady(text, state.session) : this.#receiveEarly(text, state);
      case 'live':
        return this.#receiveReady(text, state.session);
      case 'closing':
        return;
    }
  }

  /** Binary frames are no part of this protocol. */
  receiveBinary(): void {
    this.heardTick = this.#ports.tick();
    const state = this.#state;
    if (state.kind === 'closing' || (state.kind !== 'live' && this.#isOneTooMany(state))) return;
    this.#refuseBad(new ConfabError('malformed', 'Frames are text.'), {});
  }

  /** The peer showed that it is there. */
  heard(): void {
    this.heardTick = this.#ports.tick();
  }

  drained(): void {
    this.outbound.drained();
  }

  /** Begins an operation for the session of this connection that came another way, as by `POST /v1/frames`. */
  async answer(frame: ClientFrame): Promise<string> {
    const session = this.session;
    if (session === null) return errorText(new ConfabError('unauthenticated'), labelsOf({ ...frame }));
    switch (frame.type) {
      case 'ping':
        return pongText(frame.ref);
      case 'authenticate':
        return await this.#renew(frame, session);
      default:
        return (await this.#run(frame, session)).text;
    }
  }

  #receiveEarly(text: string, state: Exclude<ConnectionState, { kind: 'live' | 'closing' }>): void {
    if (this.#isOneTooMany(state)) return;
    const frame = this.#read(text, limits.frameBeforeReadyBytesMax);
    if (frame === null) return;
    switch (frame.type) {
      case 'ping':
        return this.outbound.say(pongText(frame.ref));
      case 'authenticate':
        return void this.#authenticate(frame);
      default:
        this.#requests ??= new Requests(this.#ports, this);
        return this.#tell(this.#requests.refuse(frame, new ConfabError('unauthenticated')));
    }
  }

  /** Counts a frame before `ready`; true where it ended the connection. */
  #isOneTooMany(
    state: { framesSeen: number } & Exclude<ConnectionState, { kind: 'live' | 'closing' }>,
  ): boolean {
    if (state.kind === 'resuming' && state.isReady) return false;
    state.framesSeen += 1;
    if (state.framesSeen <= limits.framesBeforeReadyMax) return false;
    this.close(closeCodes.notAuthenticated, 'too_many_frames_before_ready');
    return true;
  }

  #receiveReady(text: string, session: DeviceSession): void {
    const frame = this.#read(text, limits.frameBytesMax);
    if (frame === null) return;
    switch (frame.type) {
      case 'ping':
        return this.outbound.say(this.#limited(frame) ?? pongText(frame.ref));
      case 'authenticate':
        return void this.#renew(frame, session).then((answer) => this.#say(answer));
      default:
        return void this.#run(frame, session).then((answer) => this.#tell(answer));
    }
  }

  /** The refusal of a frame that is no operation, where frames come too fast; operations are limited in their lanes. */
  #limited(frame: Exclude<ClientFrame, OperationFrame>): string | null {
    const afterMs = this.#ports.rateLimits.take('frame', this.id);
    if (afterMs === 0) return null;
    const error = new ConfabError('rate_limited', undefined, { afterMs });
    return errorText(refusalOf(error, frame.type, this.#ports.observer), labelsOf({ ...frame }));
  }

  #run(frame: OperationFrame, session: DeviceSession): Promise<Answer> {
    const { userId, deviceId } = session;
    this.#requests ??= new Requests(this.#ports, this);
    return this.#requests.run(frame, { kind: 'user', userId, deviceId });
  }

  #tell(answer: Answer): void {
    if (answer.isNeeded) this.#say(answer.text);
    if (this.#requests?.isIdle === true) this.#requests = null;
  }

  #say(text: string): void {
    if (this.#state.kind !== 'closing') this.outbound.say(text);
  }

  #read(text: string, bytesMax: number): ClientFrame | null {
    const inbound = readFrame(text, { bytesMax, isPeerKnown: this.hears !== 'nothing' });
    if (inbound.kind === 'bad') {
      this.#refuseBad(inbound.error, inbound.labels);
      return null;
    }
    this.#badFramesInRow = 0;
    return inbound.frame;
  }

  #refuseBad(error: unknown, labels: FrameLabels): void {
    this.outbound.say(errorText(refusalOf(error, 'frame', this.#ports.observer), labels));
    this.#badFramesInRow += 1;
    if (this.#badFramesInRow >= badFramesInRowMax) this.close(closeCodes.badFrames, 'bad_frames');
  }

  async #authenticate(frame: Authenticate): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'awaiting_authentication' || state.isVerifying) {
      return this.#refuseBad(
        new ConfabError('invalid', 'An authenticate is under way.'),
        labelsOf({ ...frame }),
      );
    }
    state.isVerifying = true;
    try {
      await this.#ports.turns.begin();
      const proof = await this.#ports.chat.authenticate(frame.token, frame.deviceId);
      if (this.#state === state) await this.admit(frame, proof);
    } catch (error) {
      state.isVerifying = false;
      if (this.#state !== state) return;
      const refusal = refusalOf(error, 'authenticate', this.#ports.observer);
      this.outbound.say(errorText(refusal, labelsOf({ ...frame })));
      if (refusal.code === 'session_ended') this.close(closeCodes.signedOut, 'signed_out');
      else if (refusal.retry === 'later') this.close(closeCodes.overloaded, refusal.code);
    }
  }

  /** The peer has proved who it is: it hears from here on, and is told what it missed. */
  async admit(frame: Authenticate, proof: Authenticated): Promise<void> {
    const { chat, clock, hub, observer, revokedAmong } = this.#ports;
    const startedMs = clock.nowMs();
    const session = new DeviceSession(this, proof, {
      instanceId: frame.instanceId,
      openedAtMs: startedMs,
    });
    this.#state = { kind: 'resuming', framesSeen: 0, isReady: false, session };
    this.#ports.leftDoor();
    const sink = this.#sinkFor(frame, session);
    hub.seat(session);
    try {
      await chat.attach(session);
      if (this.#isClosing) {
        await chat.detach(session);
        return;
      }
      this.#isAttached = true;
      const { userId, deviceId } = session;
      // A sign-out after the token was verified and before core knew this session told nobody here.
      if ((await revokedAmong([{ userId, deviceId }])).length > 0) session.deviceRevoked();
      if (this.#isClosing) return;
      const { cursors = [], pending = [] } = frame.resume ?? {};
      const told = await chat.resume({ userId, deviceId, cursors, pending }, sink);
      observer.connectionReady({ durationMs: clock.nowMs() - startedMs, ...told });
      if (frame.active !== undefined) await this.answer({ type: 'state', active: frame.active });
    } catch (error) {
      if (this.#isClosing) return;
      const refusal = refusalOf(error, 'resume', observer);
      this.outbound.say(errorText(refusal, labelsOf({ ...frame })));
      this.close(refusal.code === 'internal' ? closeCodes.internal : closeCodes.overloaded, refusal.code);
    }
  }

  #sinkFor(frame: Authenticate, session: DeviceSession): ConnectionResumeSink {
    const { userId, deviceId } = session;
    return new ConnectionResumeSink({
      outbound: this.outbound,
      userId,
      deviceId,
      ref: frame.ref,
      turns: this.#ports.turns,
      becameReady: () => {
        if (this.#state.kind === 'resuming') this.#state.isReady = true;
      },
      becameLive: () => {
        if (this.#state.kind === 'resuming') this.#state = { kind: 'live', session };
      },
    });
  }

  /**
   * A new token for the same user and device. One that is somebody else's, nobody's or of a signed-out device ends the
   * connection; one that has run out does not, as the present one may last.
   */
  async #renew(frame: Authenticate, session: DeviceSession): Promise<string> {
    const limited = this.#limited(frame);
    if (limited !== null) return limited;
    try {
      const proof = await this.#ports.chat.authenticate(frame.token, frame.deviceId);
      if (proof.userId === session.userId && proof.deviceId === session.deviceId) {
        session.expiresAtMs = proof.expiresAtMs;
        return renewedText(frame);
      }
      throw new ConfabError('unauthenticated', 'The token is of another user or device.');
    } catch (error) {
      const refusal = refusalOf(error, 'authenticate', this.#ports.observer);
      const text = errorText(refusal, labelsOf({ ...frame }));
      if (refusal.code === 'unauthenticated' || refusal.code === 'session_ended') {
        this.#say(text);
        if (refusal.code === 'session_ended') this.close(closeCodes.signedOut, 'signed_out');
        else this.close(closeCodes.tokenExpired, refusal.code);
      }
      return text;
    }
  }

  /** Tells a reader that fell behind, and has caught its breath, where its conversations stand. */
  catchUp(): void {
    const { behind, isCalm } = this.outbound;
    if (this.#state.kind !== 'live' || behind === null || !isCalm || this.#isCatchingUp) return;
    const { session } = this.#state;
    this.#isCatchingUp = true;
    tellHeads(this.#ports.chat, session.userId, this.outbound)
      .catch((error: unknown) => refusalOf(error, 'heads', this.#ports.observer))
      .finally(() => (this.#isCatchingUp = false));
  }

  /** Outbound: the reader has room again. */
  calmed(): void {
    this.catchUp();
  }

  /** Outbound: a bound was crossed that only a new connection mends. */
  overflowed(): void {
    this.close(closeCodes.slowReader, 'slow_reader');
  }

  /** Says an error before the end, for ends that a client should understand. */
  closeFor(error: ConfabError, code: number): void {
    this.#say(errorText(error, {}));
    this.close(code, error.code);
  }

  /** Ends the connection at once, whether or not the peer answers. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.outbound.flush();
    const { session } = this;
    this.#state = { kind: 'closing' };
    this.#end(session, code);
    this.transport.close(code, reason);
  }

  /** The transport ended, by the peer's will or ours. */
  transportClosed(code: number): void {
    const { session } = this;
    if (!this.#isClosing) {
      this.#state = { kind: 'closing' };
      this.#end(session, code);
    }
    this.#ports.forgotten(this);
  }

  get #isClosing(): boolean {
    return this.#state.kind === 'closing';
  }

  #end(session: DeviceSession | null, code: number): void {
    this.outbound.stop();
    this.#requests = null;
    if (session === null) this.#ports.leftDoor();
    else this.#ports.hub.leave(session);
    const detached =
      session === null || !this.#isAttached ? Promise.resolve() : this.#ports.chat.detach(session);
    this.#ports.ended(this, code, detached);
  }
}
