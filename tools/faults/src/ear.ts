import { Connection } from './connection.ts';
import { Bell } from './deadline.ts';
import { tokenFor } from './jwt.ts';
import type { Person, Scene } from './scene.ts';
import { isLogEvent, type Frame, type LogEvent } from './wire.ts';

export type EarOptions = {
  readonly deviceId: string;
  readonly instanceId?: string;
  readonly resume?: {
    readonly cursors?: readonly string[];
    readonly pending?: readonly (readonly [string, string])[];
  };
};

/** A connection that applies nothing and forgets nothing: every frame of the server, in the order in which it came. */
export class Ear {
  readonly frames: Frame[] = [];
  readonly bell = new Bell();
  readonly connection: Connection;

  private constructor(scene: Scene, { subject }: Person, options: EarOptions) {
    const { deviceId, instanceId = crypto.randomUUID(), resume } = options;
    this.connection = new Connection({
      baseUrl: scene.server.baseUrl,
      headers: {},
      onFrame: (frame) => {
        this.frames.push(frame);
        if (frame.type === 'hello') {
          this.connection.send({
            type: 'authenticate',
            ref: 'authenticate',
            token: tokenFor(subject),
            deviceId: `${subject}-${deviceId}`,
            instanceId,
            client: 'confab-ear/1',
            ...(resume === undefined ? {} : { resume }),
          });
        }
        this.bell.ring();
      },
    });
    void this.connection.closed.then(() => this.bell.ring());
  }

  /** Connects and waits for `caught_up`. */
  static async open(scene: Scene, person: Person, options: EarOptions): Promise<Ear> {
    const ear = new Ear(scene, person, options);
    await ear.next(({ type }) => type === 'caught_up', 'caught_up');
    return ear;
  }

  /** Connects and waits for an answer to `authenticate`, whatever it is. */
  static async tried(scene: Scene, person: Person, options: EarOptions): Promise<Frame> {
    const ear = new Ear(scene, person, options);
    const answer = await ear.next((frame) => frame['ref'] === 'authenticate', 'the answer');
    await ear.close();
    return answer;
  }

  /** The log events of a conversation, in the order of arrival. */
  events(conversationId: string): readonly LogEvent[] {
    return this.frames.filter(isLogEvent).filter((event) => event.conversationId === conversationId);
  }

  ofType(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  async ask(frame: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<Frame> {
    return this.connection.ask(frame);
  }

  /** Says a message that must be accepted. */
  async say(
    conversationId: string,
    body: string,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<Frame> {
    const clientMessageId = crypto.randomUUID();
    const answer = await this.ask({ type: 'send_message', conversationId, clientMessageId, body, ...extra });
    if (answer.type !== 'message_accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The first frame of which `isIt` is true, at once or as soon as it comes. */
  async next(isIt: (frame: Frame) => boolean, what: string, limitMs = 20_000): Promise<Frame> {
    const isDone = () => this.frames.some(isIt) || this.connection.isClosed;
    const types = () => this.frames.map(({ type }) => type).slice(-20);
    await this.bell.until(isDone, () => `${what}; heard ${types().join()}`, limitMs);
    const found = this.frames.find(isIt);
    if (found === undefined) throw new Error(`${what}: closed before; heard ${types().join()}`);
    return found;
  }

  /** Waits until the event with this id has come. */
  async reach(eventId: unknown): Promise<Frame> {
    return this.next((frame) => frame['eventId'] === eventId, `the event ${String(eventId)}`);
  }

  async close(): Promise<void> {
    this.connection.close();
    await this.connection.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
