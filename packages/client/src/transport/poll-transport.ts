import type {
  Authenticate,
  ClientFrame,
  ConversationSummary,
  OperationFrame,
  ServerFrame,
} from '@confab/protocol';
import { limits, PROTOCOL_VERSION } from '@confab/protocol';
import type { Timers } from '../client-types.ts';
import { type ChatError, toChatError } from '../errors.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import { PollSender } from './poll-sender.ts';
import { closeOfError } from './stream-transport.ts';
import type { Link, LinkEvents, Transport } from './transport.ts';

/** How often the list of conversations is read. */
const LIST_INTERVAL_MS = 5_000;
const LIST_LIMIT = 200;

export interface PollPorts {
  readonly http: HttpCaller;
  readonly timers: Timers;
  readonly identity: () => { readonly userId: string; readonly deviceId: string };
  /** Conversations somebody looks at, and the cursor of what this device has of them. */
  readonly watched: () => readonly { readonly conversationId: string; readonly after: string | null }[];
  readonly messageIdAt: (conversationId: string, sequence: number) => string | null;
  /** A list of all conversations is asked for: what it does not name, and was not met since, is none of the user's. */
  readonly listBegins: () => void;
}

/**
 * The last resort: single requests, disguised as a link. The list of conversations is read every few seconds and says
 * what has news; the conversation somebody looks at is waited on. Typing and presence are left out.
 */
export function pollTransport(ports: PollPorts): Transport {
  return {
    kind: 'poll',
    open(events) {
      const link = new PollLink(ports, events);
      queueMicrotask(() => events.opened());
      return link;
    },
  };
}

class PollLink implements Link {
  readonly #ports: PollPorts;
  readonly #events: LinkEvents;
  readonly #sender: PollSender;
  readonly #waitedOn = new Set<string>();
  #isStarted = false;
  #isDone = false;
  #cancelTimer: (() => void) | null = null;

  constructor(ports: PollPorts, events: LinkEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#sender = new PollSender({
      http: ports.http,
      messageIdAt: ports.messageIdAt,
      deviceId: () => ports.identity().deviceId,
      answer: (frame) => this.#deliver(frame),
      failed: (error) => this.#fail(error),
    });
  }

  send(frame: ClientFrame): void {
    if (this.#isDone) return;
    switch (frame.type) {
      case 'authenticate':
        void this.#authenticate(frame);
        return;
      case 'ping':
        // Requests that fail say so themselves.
        this.#deliver({ type: 'pong' });
        return;
      default:
        this.#operate(frame);
    }
  }

  close(): void {
    this.#isDone = true;
    this.#cancelTimer?.();
  }

  #operate(frame: OperationFrame): void {
    void this.#sender.send(frame);
  }

  async #authenticate(frame: Authenticate): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    try {
      const conversations = await this.#readList();
      this.#greet();
      this.#deliver({ type: 'heads', items: conversations });
      for (const cursor of frame.resume?.cursors ?? []) await this.#catchUp(cursor, conversations);
      this.#deliver({ type: 'caught_up' });
      this.#watchList();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #greet(): void {
    const { identity, timers } = this.#ports;
    this.#deliver({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      connectionId: 'poll',
      heartbeatIntervalMs: limits.heartbeatIntervalMs,
      serverTime: new Date(timers.now()).toISOString(),
      limits: {} as never,
    });
    // Over single requests the own log is not needed: every list names all memberships.
    this.#deliver({ type: 'ready', ...identity(), ownLog: { conversationId: '', head: null }, landed: [] });
  }

  /** Reads on from a cursor where the list says that there is something to read. */
  async #catchUp(cursor: string, conversations: readonly ConversationSummary[]): Promise<void> {
    const conversationId = cursor.split('.')[0] ?? '';
    const listed = conversations.find((summary) => summary.conversationId === conversationId);
    if (listed === undefined || listed.head.eventId === cursor) return;
    const page = await this.#ports.http.callPatiently('list_events', {
      conversationId,
      after: cursor,
      limit: LIST_LIMIT,
    });
    this.#deliver({ type: 'sync_page', ...page });
  }

  #watchList(): void {
    if (this.#isDone) return;
    for (const { conversationId, after } of this.#ports.watched()) void this.#waitOn(conversationId, after);
    this.#cancelTimer = this.#ports.timers.after(LIST_INTERVAL_MS, () => {
      this.#readList().then(
        (items) => {
          this.#deliver({ type: 'heads', items });
          this.#watchList();
        },
        (error: unknown) => this.#fail(error),
      );
    });
  }

  /** One long wait for news of a conversation; the next list begins another. */
  async #waitOn(conversationId: string, after: string | null): Promise<void> {
    if (after === null || this.#waitedOn.has(conversationId)) return;
    this.#waitedOn.add(conversationId);
    try {
      const waitMs = limits.longPollWaitMsMax;
      const page = await this.#ports.http.call('list_events', {
        conversationId,
        after,
        waitMs,
        limit: LIST_LIMIT,
      });
      this.#deliver({ type: 'sync_page', ...page });
    } catch {
      // The list is read by itself and finds out what is wrong.
    } finally {
      this.#waitedOn.delete(conversationId);
    }
    const next = this.#ports.watched().find((watched) => watched.conversationId === conversationId);
    if (!this.#isDone && next !== undefined && next.after !== after)
      void this.#waitOn(conversationId, next.after);
  }

  async #readList(): Promise<ConversationSummary[]> {
    this.#ports.listBegins();
    const conversations: ConversationSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#ports.http.callPatiently('list_conversations', {
        limit: LIST_LIMIT,
        ...(cursor === undefined ? {} : { cursor }),
      });
      conversations.push(...page.conversations);
      cursor = page.next;
    } while (cursor !== undefined && !this.#isDone);
    return conversations;
  }

  #deliver(frame: ServerFrame): void {
    if (!this.#isDone) this.#events.frame(frame);
  }

  #fail(thrown: unknown): void {
    if (this.#isDone) return;
    const error: ChatError = toChatError(thrown);
    this.close();
    this.#events.closed(closeOfError(error));
  }
}
