import { connect, type Socket } from 'bun';
import { NO_NUMBER } from '../check/fingerprint.ts';
import { tokenFor } from '../servers/product.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  clientMessageIdOf,
  eventIdIn,
  kindOf,
  numberIn,
  numberOfClientMessageId,
  readBody,
  type Saying,
  sayingIn,
  sequenceIn,
} from './message-text.ts';
import { nowUs } from './now.ts';
import { Reading } from './reading.ts';
import { OPCODE, SocketWriter } from './socket-writer.ts';

const END_OF_HEAD = '\r\n\r\n';
const READY_MS_MAX = 60_000;
const CURSORS_MAX = 200;
const PAGE_EVENTS = 200;

/** Who a device is, and which server it goes to. */
export type DevicePlan = { readonly url: string; readonly subject: string };

export type Refusal = {
  readonly code: string;
  /** When it may be sent again; 0: the server does not say. */
  readonly afterMs: number;
  /** Whether it would be refused again. */
  readonly isFinal: boolean;
};

/** Told what a device hears. Numbers are those of messages of a load. */
export interface DeviceListener {
  accepted(device: Device, number: number, sequence: number): void;
  /** A message came in its order, at this sequence of this conversation. */
  delivered(device: Device, reading: Reading, number: number, meantUs: number): void;
  /** An echo server gave back what somebody sent. */
  echoed(device: Device, number: number, meantUs: number): void;
  /** A request was refused; `number` NaN where it was no send. */
  refused(device: Device, number: number, refusal: Refusal): void;
  /** The connection ended without being told to; 1006 where no close frame came. */
  lost(device: Device, code: number): void;
}

type Json = { readonly [field: string]: unknown };
type State = 'closed' | 'upgrading' | 'greeting' | 'ready';

/**
 * One device: a WebSocket on a bare TCP socket that reads only what it must, so that what is measured is the server. It
 * follows its conversations as the protocol says: the next event is applied, an older one dropped, and for a hole it asks.
 */
export class Device implements FrameSink {
  readonly plan: DevicePlan;
  readonly deviceId: string;
  /** By conversation id. They outlive a connection: the next one hands over their cursors. */
  readonly readings = new Map<string, Reading>();
  /** Its sends that wait for their answer, by number and in their order: said again when it is connected again. */
  readonly unanswered = new Map<number, string>();
  /** When what it hears now came from its socket; of all frames of one read at once. */
  heardUs = 0;
  /** How often it was told of events that it had not got, or found a hole itself. */
  holes = 0;
  readonly #listener: DeviceListener;
  #state: State = 'closed';
  #socket: Socket<Device> | null = null;
  #reader = new FrameReader();
  #writer = new SocketWriter();
  #closeCode = 1006;
  #opening: PromiseWithResolvers<void> | null = null;

  constructor(plan: DevicePlan, listener: DeviceListener) {
    this.plan = plan;
    this.deviceId = `${plan.subject}-bench`;
    this.#listener = listener;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Connects, authenticates, hands over its cursors and waits for `caught_up`. */
  async open(): Promise<void> {
    const { hostname, port } = new URL(this.plan.url);
    const opening = Promise.withResolvers<void>();
    this.#opening = opening;
    this.#state = 'upgrading';
    this.#reader = new FrameReader();
    this.#writer = new SocketWriter();
    this.#closeCode = 1006;
    // Where it fails before anybody waits for it.
    opening.promise.catch(() => undefined);
    const patience = setTimeout(() => {
      opening.reject(new Error(`${this.plan.subject} is not ready after ${READY_MS_MAX} ms`));
      this.cut();
    }, READY_MS_MAX);
    try {
      await connect<Device>({ hostname, port: Number(port), data: this, socket: EVENTS });
      await opening.promise;
    } finally {
      clearTimeout(patience);
      this.#opening = null;
    }
  }

  /** Says goodbye and ends. */
  close(): void {
    if (this.#socket === null) return;
    this.#state = 'closed';
    const socket = this.#socket;
    this.#socket = null;
    this.#writer.frame(socket, OPCODE.close, '');
    socket.end();
  }

  /** Ends the connection without a word, as a network that goes away. */
  cut(): void {
    const socket = this.#socket;
    this.#state = 'closed';
    this.#socket = null;
    socket?.terminate();
  }

  /** Stops reading, or goes on: a device that was put to sleep. */
  setReading(isReading: boolean): void {
    if (isReading) this.#socket?.resume();
    else this.#socket?.pause();
  }

  say(text: string): void {
    if (this.#socket !== null) this.#writer.frame(this.#socket, OPCODE.text, text);
  }

  /** Sends a message, or sends it again: at once, or as soon as it is connected. */
  send(conversationId: string, number: number, body: string): void {
    const text = `{"type":"send_message","conversationId":"${conversationId}","clientMessageId":"${clientMessageIdOf(number)}","body":"${body}"}`;
    this.unanswered.set(number, text);
    if (this.#state === 'ready') this.say(text);
  }

  take(chunk: Buffer): void {
    this.heardUs = nowUs();
    if (this.#state !== 'upgrading') {
      this.#reader.push(chunk, this);
      return;
    }
    const end = chunk.indexOf(END_OF_HEAD);
    if (end < 0) throw new Error('the head of an upgrade came in pieces');
    const status = chunk.toString('latin1', 9, 12);
    if (status !== '101') {
      this.#opening?.reject(new Error(`the upgrade was answered with ${chunk.toString('latin1', 0, 400)}`));
      this.cut();
      return;
    }
    this.#state = 'greeting';
    const rest = chunk.subarray(end + END_OF_HEAD.length);
    if (rest.length > 0) this.#reader.push(rest, this);
  }

  text(bytes: Buffer, start: number, end: number): void {
    switch (kindOf(bytes, start)) {
      case 'message':
        this.#hearEvent(
          eventIdIn(bytes, start, end),
          sequenceIn(bytes, start, end),
          sayingIn(bytes, start, end),
        );
        return;
      case 'accepted': {
        const number = numberIn(bytes, start, end);
        this.unanswered.delete(number);
        this.#listener.accepted(this, number, sequenceIn(bytes, start, end));
        return;
      }
      case 'echo': {
        const saying = sayingIn(bytes, start, end);
        if (saying !== null) this.#listener.echoed(this, saying.number, saying.meantUs);
        return;
      }
      case 'other':
        this.#hearOther(JSON.parse(bytes.toString('utf8', start, end)) as Json);
    }
  }

  control(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === OPCODE.ping && this.#socket !== null)
      this.#writer.frame(this.#socket, OPCODE.pong, bytes.toString('latin1', start, end));
    if (opcode === OPCODE.close) this.#closeCode = end - start >= 2 ? bytes.readUInt16BE(start) : 1005;
  }

  upgrade(socket: Socket<Device>): void {
    this.#socket = socket;
    const { host } = new URL(this.plan.url);
    socket.write(
      `GET /v1/ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        'Sec-WebSocket-Protocol: confab.v1.json\r\n\r\n',
    );
  }

  drained(socket: Socket<Device>): void {
    this.#writer.drained(socket);
  }

  ended(socket: Socket<Device>): void {
    if (socket !== this.#socket) return;
    this.#state = 'closed';
    this.#socket = null;
    if (this.#opening === null) this.#listener.lost(this, this.#closeCode);
    else this.#opening.reject(new Error(`${this.plan.subject} was closed with ${this.#closeCode}`));
  }

  #hearEvent(eventId: string, sequence: number, said: Saying | null): void {
    const reading = this.#readingOf(eventId, sequence);
    if (sequence <= reading.last) return;
    if (sequence > reading.last + 1) {
      this.#askFor(reading);
      return;
    }
    reading.apply(sequence, eventId, said?.number ?? NO_NUMBER);
    if (said !== null) this.#listener.delivered(this, reading, said.number, said.meantUs);
  }

  /** A conversation that was not there when the device came is read from its first event on. */
  #readingOf(eventId: string, sequence: number): Reading {
    const conversationId = eventId.slice(0, eventId.indexOf('.'));
    const known = this.readings.get(conversationId);
    if (known !== undefined) return known;
    const made = new Reading(conversationId, sequence - 1, '');
    this.readings.set(conversationId, made);
    return made;
  }

  #askFor(reading: Reading): void {
    if (reading.isSyncing) return;
    reading.isSyncing = true;
    this.holes += 1;
    this.#sync(reading);
  }

  #sync({ conversationId, cursor }: Reading): void {
    this.say(JSON.stringify({ type: 'sync', conversationId, after: cursor, limit: PAGE_EVENTS }));
  }

  #hearOther(frame: Json): void {
    switch (frame['type']) {
      case 'hello':
        this.say(JSON.stringify(this.#authentication()));
        return;
      case 'heads':
        for (const item of frame['items'] as readonly Json[]) this.#hearHead(item);
        return;
      case 'caught_up':
        this.#state = 'ready';
        for (const reading of this.readings.values()) reading.isSyncing = false;
        for (const text of this.unanswered.values()) this.say(text);
        this.#opening?.resolve();
        return;
      case 'head_event':
        this.#hearHead(frame);
        return;
      case 'sync_page':
        this.#hearPage(frame);
        return;
      case 'error':
        this.#hearError(frame);
        return;
      default:
        if (typeof frame['eventId'] === 'string')
          this.#hearEvent(frame['eventId'], Number(frame['sequence']), null);
    }
  }

  #authentication(): Json {
    const cursors = [...this.readings.values()].flatMap(({ cursor }) => (cursor === '' ? [] : [cursor]));
    if (cursors.length > CURSORS_MAX) throw new Error(`${this.plan.subject} reads too many conversations`);
    return {
      type: 'authenticate',
      token: tokenFor(this.plan.subject),
      deviceId: this.deviceId,
      instanceId: 'bench',
      client: 'confab-bench/1',
      ...(cursors.length === 0 ? {} : { resume: { cursors } }),
    };
  }

  /** Where a conversation stands: new ones are read from here on, for what was missed of others it asks. */
  #hearHead(summary: Json): void {
    const conversationId = String(summary['conversationId']);
    const head = summary['head'] as { readonly sequence: number; readonly eventId: string };
    const reading = this.readings.get(conversationId);
    if (reading === undefined)
      this.readings.set(conversationId, new Reading(conversationId, head.sequence, head.eventId));
    else if (this.#state === 'ready' && head.sequence > reading.last) this.#askFor(reading);
  }

  #hearPage(page: Json): void {
    const reading = this.readings.get(String(page['conversationId']));
    if (reading === undefined) return;
    if (page['reset'] === true) throw new Error(`${this.plan.subject} was told to begin afresh`);
    reading.isSyncing = false;
    for (const event of page['events'] as readonly Json[]) {
      const said = event['type'] === 'message_event' ? readBody(String(event['body'])) : null;
      this.#hearEvent(String(event['eventId']), Number(event['sequence']), said);
    }
    const head = page['head'] as { readonly sequence: number } | null;
    if (head === null || reading.last >= head.sequence) return;
    reading.isSyncing = true;
    this.#sync(reading);
  }

  #hearError(error: Json): void {
    const { code, retry, afterMs, clientMessageId, conversationId } = error;
    const reading = this.readings.get(String(conversationId));
    if (clientMessageId === undefined && reading !== undefined) reading.isSyncing = false;
    const number = numberOfClientMessageId(String(clientMessageId));
    this.#listener.refused(this, number, {
      code: String(code),
      afterMs: Number(afterMs ?? 0),
      isFinal: retry === 'never',
    });
  }
}

const EVENTS = {
  open: (socket: Socket<Device>): void => socket.data.upgrade(socket),
  data: (socket: Socket<Device>, chunk: Buffer): void => socket.data.take(chunk),
  drain: (socket: Socket<Device>): void => socket.data.drained(socket),
  close: (socket: Socket<Device>): void => socket.data.ended(socket),
  error: (socket: Socket<Device>): void => socket.data.ended(socket),
};
