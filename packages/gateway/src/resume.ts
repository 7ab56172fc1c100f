import type { StoredEvent } from '@confab/contracts';
import { type EventPagePlan, frameFor, type Landed, type ResumeSink } from '@confab/core';
import type { ConversationSummary, Head } from '@confab/protocol';
import type { Outbound } from './outbound.ts';
import type { ResumeTurns } from './resume-turns.ts';
import { caughtUpText, headsText, pageText, readyText } from './server-texts.ts';

/** What a resume tells its connection besides frames. */
export interface ResumingConnection {
  readonly outbound: Outbound;
  readonly userId: string;
  readonly deviceId: string;
  readonly ref: string | undefined;
  readonly turns: ResumeTurns;
  /** `ready` was said: operations are taken. */
  becameReady(): void;
  /** All that was missed was said: events are passed on as they come. */
  becameLive(): void;
}

/** Writes a resume to one connection, at the reader's pace and in its turn: each call waits for room. */
export class ConnectionResumeSink implements ResumeSink {
  readonly #connection: ResumingConnection;
  readonly behind = new Map<string, number>();

  constructor(connection: ResumingConnection) {
    this.#connection = connection;
    connection.outbound.behind = this.behind;
  }

  async ready(news: {
    readonly ownLog: { readonly conversationId: string; readonly head: Head | null };
    readonly landed: readonly Landed[];
  }): Promise<void> {
    const { outbound, userId, deviceId, ref } = this.#connection;
    outbound.say(readyText({ ref, userId, deviceId, ownLog: news.ownLog, landed: news.landed }));
    this.#connection.becameReady();
    await this.#next();
  }

  async heads(items: readonly ConversationSummary[], next: boolean): Promise<void> {
    this.#connection.outbound.say(headsText(items, next));
    await this.#next();
  }

  async events(events: readonly StoredEvent[]): Promise<void> {
    const { outbound, userId } = this.#connection;
    for (const event of events) outbound.say(frameFor(userId, event));
    await this.#next();
  }

  async page(page: EventPagePlan): Promise<void> {
    const { outbound, userId } = this.#connection;
    outbound.say(pageText(page, userId));
    await this.#next();
  }

  caughtUp(): void {
    const { outbound } = this.#connection;
    outbound.say(caughtUpText);
    if (this.behind.size === 0) outbound.behind = null;
    this.#connection.becameLive();
  }

  async #next(): Promise<void> {
    await this.#connection.outbound.room();
    await this.#connection.turns.goOn();
  }
}
