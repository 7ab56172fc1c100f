import type { Evidence } from './load/evidence.ts';
import { MessageRecord } from './load/message-record.ts';
import { bodyOf, clientMessageIdOf } from './load/message-text.ts';
import { nowUs } from './load/now.ts';
import { callHttp, forEach } from './servers/http-calls.ts';

/** Somebody and a conversation into which they speak. */
export type Speaker = { readonly subject: string; readonly conversationId: string };

/** Says things one after the other into each conversation, and keeps the evidence for the checker. */
export class HttpSpeech {
  readonly #url: string;
  readonly #speakers: readonly Speaker[];
  readonly #record: MessageRecord;

  /** `processNumber`: as of a load process, and of none that speaks to the same server. */
  constructor(url: string, speakers: readonly Speaker[], processNumber: number) {
    this.#url = url;
    this.#speakers = speakers;
    this.#record = new MessageRecord(processNumber);
  }

  /** So many messages into each conversation; resolves when all are accepted. */
  async say(each: number, bodyBytes: number): Promise<void> {
    await forEach(this.#speakers, async ({ subject, conversationId }, lane) => {
      for (let count = 0; count < each; count += 1) {
        const sentUs = nowUs();
        const number = this.#record.say(lane, sentUs, sentUs, 0);
        const answer = await callHttp({
          url: this.#url,
          subject,
          method: 'POST',
          path: `/v1/conversations/${conversationId}/messages`,
          body: {
            clientMessageId: clientMessageIdOf(number),
            body: bodyOf({ number, meantUs: sentUs }, bodyBytes),
          },
        });
        this.#record.accept(number, Number(answer['sequence']), nowUs());
      }
    });
  }

  /** That of who only speaks and reads nothing. */
  evidence(): Evidence {
    const empty = new Int32Array(0);
    return {
      conversationIds: this.#speakers.map(({ conversationId }) => conversationId),
      conversationReaders: this.#speakers.map(({ subject }) => subject),
      said: this.#record.said(),
      laneConversations: Int32Array.from(this.#speakers, (_, lane) => lane),
      readings: { conversations: empty, bases: empty, lasts: empty, fingerprints: empty },
      lost: {},
      refused: {},
      holes: 0,
    };
  }
}
