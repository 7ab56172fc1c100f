import type { Outcome } from '../history.ts';
import type { Message } from '../outbox.ts';
import type { Device } from '../raw-client.ts';
import { sayMany } from '../sayings.ts';
import type { BackgroundLoad } from './background-load.ts';

/** A log in Cassandra is kept in parts of so many events, and what is asked at the seam of two is another question. */
const PART_EVENTS = 1_000;
const SHORT_OF_IT = 60;
const EARLY = 5;
const PIECE = 200;

type Said = { readonly message: Message; readonly outcome: Outcome };

/** Messages from the beginning of the group of all, which is filled up to shortly before the end of its first part. */
export class EarlyMessages {
  readonly #said: readonly Said[];
  readonly #devices: readonly Device[];

  private constructor(said: readonly Said[], devices: readonly Device[]) {
    this.#said = said;
    this.#devices = devices;
  }

  static async say({ hot, kept }: BackgroundLoad): Promise<EarlyMessages> {
    const devices = kept.map(({ device }) => device);
    const [speaker] = devices;
    if (speaker === undefined) throw new Error('nobody speaks');
    const said: Said[] = [];
    for (let at = 0; at < EARLY; at += 1) {
      const clientMessageId = crypto.randomUUID();
      const { conversationId } = hot;
      const message = { conversationId, clientMessageId, body: `early ${clientMessageId}`, extra: {} };
      said.push({ message, outcome: await speaker.outbox.submit(message) });
    }
    // Others talk meanwhile: in pieces, so that what they add is seen.
    const wanted = PART_EVENTS - SHORT_OF_IT;
    for (let at = 0; at < wanted;)
      at = await sayMany(speaker, hot.conversationId, Math.min(PIECE, wanted - at));
    return new EarlyMessages(
      said,
      devices.filter(({ userId }) => userId === speaker.userId),
    );
  }

  /** Says them again through each gateway: what was answered otherwise than "a duplicate, at its place". */
  async answeredOtherwise(): Promise<readonly Outcome[]> {
    const otherwise: Outcome[] = [];
    for (const device of this.#devices) {
      for (const { message, outcome: first } of this.#said) {
        const again = await device.outbox.submit(message);
        const isSame =
          first.kind === 'accepted' && again.kind === 'accepted' && first.messageId === again.messageId;
        if (!isSame || !again.isDuplicate) otherwise.push(again);
      }
    }
    return otherwise;
  }
}
