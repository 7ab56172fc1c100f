/** Where something was when; rises with everything that is noted, so that two moments can be compared. */
export type Moment = number;

/** A place that a message was promised. */
export interface Promised {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly messageId: string;
  readonly sequence: number;
  readonly moment: Moment;
}

/** A message that a device was told to send. Its body is its own. */
export interface Sent {
  readonly deviceName: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly body: string;
  readonly mentions: readonly string[];
  readonly moment: Moment;
  /** Known once the device puts it on the wire. */
  clientMessageId: string | null;
  promised: Promised | null;
  /** The code of the refusal that ended it. */
  failed: string | null;
  /** The user gave it up. */
  isDiscarded: boolean;
  /** It died with the device before the device had said that it is kept. */
  isKept: boolean;
}

/** An event that reached a device, over whatever. */
export interface Heard {
  readonly deviceName: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly sequence: number;
  readonly eventId: string;
}

/** A device applied an event that does not follow the one before. */
export interface Leap {
  readonly deviceName: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly from: number;
  readonly to: number;
}

/** What happened in a world, as its devices saw it. The checks read it; nothing else does. */
export class History {
  readonly sends: Sent[] = [];
  readonly heard: Heard[] = [];
  readonly leaps: Leap[] = [];
  /** What was found wrong while it happened. */
  readonly complaints: string[] = [];
  readonly #byBody = new Map<string, Sent>();
  readonly #byClientMessageId = new Map<string, Sent>();
  #moment = 0;

  now(): Moment {
    this.#moment += 1;
    return this.#moment;
  }

  send(
    sent: Omit<Sent, 'moment' | 'clientMessageId' | 'promised' | 'failed' | 'isDiscarded' | 'isKept'>,
  ): Sent {
    const noted: Sent = {
      ...sent,
      moment: this.now(),
      clientMessageId: null,
      promised: null,
      failed: null,
      isDiscarded: false,
      isKept: false,
    };
    this.sends.push(noted);
    this.#byBody.set(sent.body, noted);
    return noted;
  }

  /** A device put a message on the wire. */
  wired(clientMessageId: string, body: string): void {
    const sent = this.#byBody.get(body);
    if (sent === undefined) {
      this.complain(`[G3.1] a message went out that nobody wrote: ${body.slice(0, 40)}`);
      return;
    }
    if (sent.clientMessageId !== null && sent.clientMessageId !== clientMessageId)
      this.complain(`[G3.1] ${nameOf(sent)} went out under two ids`);
    sent.clientMessageId = clientMessageId;
    this.#byClientMessageId.set(clientMessageId, sent);
  }

  /** The server acknowledged a message. What it says twice is the same. */
  promise(promised: Omit<Promised, 'moment'>): void {
    const noted = { ...promised, moment: this.now() };
    const sent = this.#byClientMessageId.get(promised.clientMessageId);
    if (sent === undefined) {
      this.complain(`[G3.1] an acknowledgement of nothing: ${promised.clientMessageId}`);
      return;
    }
    const before = sent.promised;
    if (before === null) sent.promised = noted;
    else if (before.messageId !== noted.messageId || before.sequence !== noted.sequence)
      this.complain(`[G3.1] ${nameOf(sent)} was promised ${before.sequence} and then ${noted.sequence}`);
  }

  ofBody(body: string): Sent | null {
    return this.#byBody.get(body) ?? null;
  }

  complain(complaint: string): void {
    this.complaints.push(complaint);
  }
}

/** How a message is called in a complaint. */
export function nameOf({ body, deviceName }: Sent): string {
  return `"${body.slice(0, 30)}" of ${deviceName}`;
}
