import type { Authenticate, ClientFrame, LogEvent, ServerFrameOf } from '@confab/protocol';
import { ConversationCache } from './cache/conversation-cache.ts';
import { ConnectionLife } from './connection/connection-life.ts';
import { frameRouter, syncRef } from './connection/frame-router.ts';
import { resumeOf } from './connection/resume-frame.ts';
import type { ConversationRecord } from './conversations/conversation-record.ts';
import { ConversationsFace } from './conversations/conversations-face.ts';
import { Directory } from './conversations/directory.ts';
import { Emitter } from './emitter.ts';
import { toChatError } from './errors.ts';
import { HttpCaller } from './http/http-caller.ts';
import { UserDirectory } from './people/user-directory.ts';
import type { Locks } from './platform/locks.ts';
import type { PageWatch } from './platform/page-watch.ts';
import type { Settings } from './platform/settings.ts';
import { PendingStore } from './queue/pending-store.ts';
import { SendQueue } from './queue/send-queue.ts';
import { ReceiptBatch } from './receipts/receipt-batch.ts';
import { AccountSession } from './session/account-session.ts';
import { ExternalSession } from './session/external-session.ts';
import { ConversationTimeline } from './timeline/conversation-timeline.ts';
import { TransportChoice } from './transport/transport-choice.ts';
import { transportsOf } from './transport/transports.ts';

/** How often rows of tabs that died are looked for. */
const ORPHANS_INTERVAL_MS = 30_000;
/** A page of a sync. */
const SYNC_LIMIT = 200;

/** The parts of a client, wired. The only place where they know of each other. */
export class Client {
  readonly settings: Settings;
  readonly emitter: Emitter;
  readonly http: HttpCaller;
  readonly accountSession: AccountSession | null;
  readonly externalSession: ExternalSession | null;
  readonly session: AccountSession | ExternalSession;
  readonly users: UserDirectory;
  readonly queue: SendQueue;
  readonly receipts: ReceiptBatch;
  readonly directory: Directory;
  readonly conversations: ConversationsFace;
  readonly connection: ConnectionLife;
  readonly loaded: Promise<void>;
  readonly #page: PageWatch;
  readonly #cache: ConversationCache;
  readonly #store: PendingStore;
  readonly #instanceId: string;
  readonly #timelines = new Map<string, ConversationTimeline>();
  readonly #ends: (() => void)[] = [];
  #isActive = true;
  #cancelOrphans: (() => void) | null = null;

  constructor(settings: Settings, locks: Locks, page: PageWatch) {
    this.settings = settings;
    this.#page = page;
    const { url, fetch, timers, random, storage, newId, getToken, logger } = settings;
    this.#instanceId = newId();
    this.#isActive = page.isVisible();
    this.emitter = new Emitter(logger);
    this.http = new HttpCaller({ url, fetch, timers, random });
    this.accountSession =
      getToken === null ? new AccountSession({ http: this.http, storage, locks, timers }) : null;
    this.externalSession = getToken === null ? null : new ExternalSession({ getToken, storage, newId });
    this.session = this.accountSession ?? this.externalSession ?? unreachable();
    this.http.useTokens(this.session);
    this.users = new UserDirectory(this.http);
    this.#cache = new ConversationCache(storage, timers, (error) => this.#report(error));
    this.#store = new PendingStore(storage, locks, this.#instanceId);
    this.queue = this.#makeQueue();
    this.receipts = new ReceiptBatch({ timers, send: this.#send });
    this.directory = this.#makeDirectory();
    this.conversations = new ConversationsFace({
      directory: this.directory,
      http: this.http,
      users: this.users,
      newId,
      me: this.me,
    });
    this.connection = this.#makeConnection();
    this.#listen();
    this.loaded = this.#load();
  }

  /** The user of this device; an empty text where nobody is logged in. */
  readonly me = (): string => {
    const session = this.session.state.get();
    return session.kind === 'signed_in' ? session.userId : '';
  };

  readonly timeline = (conversationId: string): ConversationTimeline => {
    const known = this.#timelines.get(conversationId);
    if (known !== undefined) return known;
    const timeline = new ConversationTimeline(this.directory.entry(conversationId), {
      timers: this.settings.timers,
      http: this.http,
      queue: this.queue,
      receipts: this.receipts,
      me: this.me,
      isReady: () => this.connection.isReady,
      isListed: () => this.directory.isListed,
      sendTyping: (id) => this.connection.send({ type: 'typing', conversationId: id }),
      timelineItemsMax: this.settings.timelineItemsMax,
    });
    this.#timelines.set(conversationId, timeline);
    return timeline;
  };

  readonly setActive = (active: boolean): void => {
    if (active === this.#isActive) return;
    this.#isActive = active;
    this.connection.send({ type: 'state', active });
  };

  /** Somebody logged in. What is on the device of another user goes; false where there was another, or nobody. */
  async begin(userId: string): Promise<boolean> {
    const { storage } = this.settings;
    const owner = await storage.read('session', 'owner');
    if (owner === userId) return true;
    await storage.clear(['conversations', 'timelines', 'pending']);
    await storage.write([{ table: 'session', key: 'owner', value: userId }]);
    return false;
  }

  /** The user logged out: nothing of theirs stays on the device. */
  async erase(): Promise<void> {
    this.forget();
    const { storage } = this.settings;
    await storage.clear(['conversations', 'timelines', 'pending']);
    await storage.write([{ table: 'session', key: 'owner', value: undefined }]);
  }

  /** Forgets what is in memory; another user begins. */
  forget(): void {
    this.directory.clear();
    this.queue.clear();
    this.receipts.clear();
    this.conversations.clear();
    this.users.clear();
  }

  async close(): Promise<void> {
    this.connection.close('closed');
    await this.loaded;
    for (const end of this.#ends.splice(0)) end();
    await this.#cache.end(this.directory);
    this.queue.clear();
    this.receipts.clear();
    this.#store.end();
    await this.settings.storage.close();
  }

  readonly #send = (frame: ClientFrame): boolean => this.connection.send(frame);

  #makeQueue(): SendQueue {
    const { timers, random, newId } = this.settings;
    return new SendQueue({
      store: this.#store,
      timers,
      random,
      newId,
      instanceId: this.#instanceId,
      me: () => this.me() || null,
      emitter: this.emitter,
      send: this.#send,
      appliedThrough: (conversationId) => this.directory.entry(conversationId).position?.sequence ?? 0,
      tokenRefused: () => this.connection.tokenRefused(),
      reconnect: () => this.connection.reconnect(),
      changed: (conversationId) => this.#timelines.get(conversationId)?.invalidate(),
    });
  }

  #makeDirectory(): Directory {
    const { timers, logger, timelineItemsMax } = this.settings;
    return new Directory({
      timers,
      logger,
      emitter: this.emitter,
      timelineItemsMax,
      me: this.me,
      isCaughtUp: () => this.connection.isCaughtUp,
      requestSync: (conversationId, after) =>
        this.connection.isCaughtUp &&
        this.#send({ type: 'sync', ref: syncRef(conversationId), conversationId, after, limit: SYNC_LIMIT }),
      fetchConversation: async (conversationId) =>
        (await this.http.callPatiently('get_conversation', { conversationId })).conversation,
      applied: (event) => this.#applied(event),
      met: (record) => this.#met(record),
      leapt: (conversationId) => this.conversations.leapt(conversationId),
      changed: (conversationId) => {
        this.queue.moved(conversationId);
        this.#cache.changed(conversationId, () => this.directory);
      },
    });
  }

  #makeConnection(): ConnectionLife {
    const { timers, random, logger } = this.settings;
    return new ConnectionLife({
      choice: new TransportChoice(transportsOf(this.settings, this)),
      tokens: this.session,
      timers,
      random,
      page: this.#page,
      logger,
      handlers: {
        authenticate: (token, purpose) => this.#authenticate(token, purpose),
        ready: (frame) => this.#ready(frame),
        caughtUp: () => this.#caughtUp(),
        frame: frameRouter({
          directory: this.directory,
          queue: this.queue,
          receipts: this.receipts,
          me: this.me,
          logger,
          tokenRefused: () => this.connection.tokenRefused(),
          reconnect: () => this.connection.reconnect(),
        }),
        lost: () => this.#lost(),
        signedOut: () => void this.session.forget('ended').catch((error: unknown) => this.#report(error)),
      },
    });
  }

  #authenticate(token: string, purpose: 'resume' | 'renew'): Authenticate {
    const session = this.session.state.get();
    const frame: Authenticate = {
      type: 'authenticate',
      token,
      deviceId: session.kind === 'signed_in' ? session.deviceId : (this.externalSession?.deviceId ?? ''),
      instanceId: this.#instanceId,
      client: this.settings.clientName,
      active: this.#isActive,
    };
    if (purpose === 'renew') return frame;
    const { resume, handedOver } = resumeOf({
      cursors: this.directory.cursors(),
      pending: this.queue.pendingKeys(),
      tokenBytes: token.length,
    });
    this.directory.handOver(handedOver);
    return { ...frame, resume };
  }

  #ready(frame: ServerFrameOf<'ready'>): void {
    if (this.externalSession !== null && this.me() !== frame.userId) {
      // What is in memory was another user's, or nobody's.
      this.forget();
      void this.externalSession.identified(frame.userId).catch((error: unknown) => this.#report(error));
      void this.begin(frame.userId).catch((error: unknown) => this.#report(error));
    }
    this.directory.ready(frame);
    this.queue.ready(frame);
    this.receipts.ready();
    this.users.clear();
    for (const timeline of this.#timelines.values()) timeline.reconnected();
  }

  #caughtUp(): void {
    this.directory.caughtUp();
    for (const { record } of this.directory.known()) {
      // What was read while there was no link.
      if (record === null || record.readHere <= record.readThere) continue;
      this.receipts.note(record.conversationId, { read: record.readHere });
    }
    this.#lookForOrphans();
  }

  #lost(): void {
    this.#cancelOrphans?.();
    this.queue.linkLost();
    this.receipts.linkLost();
    this.directory.connectionLost();
    for (const timeline of this.#timelines.values()) timeline.invalidate();
  }

  #lookForOrphans(): void {
    this.#cancelOrphans?.();
    this.queue.adopt().catch((error: unknown) => this.#report(error));
    this.#cancelOrphans = this.settings.timers.after(ORPHANS_INTERVAL_MS, () => this.#lookForOrphans());
  }

  #applied(event: LogEvent): void {
    const { conversationId, sequence, clientMessageId } = event;
    if (event.type === 'message_event') {
      if (event.senderId !== this.me()) this.receipts.note(conversationId, { delivered: sequence });
      else if (clientMessageId !== undefined) this.queue.acknowledge({ ...event, clientMessageId });
    }
    this.conversations.applied(event);
  }

  #met(record: ConversationRecord): void {
    this.conversations.leapt(record.conversationId);
    if (record.peer !== null) this.users.learn(record.peer);
    // The list brought the newest message's beginning to this device.
    if (record.unread.head.ordinal > record.unread.floor.ordinal && record.preview !== null) {
      this.receipts.note(record.conversationId, { delivered: record.preview.sequence });
    }
  }

  #listen(): void {
    const { connection, session, emitter } = this;
    this.#ends.push(
      this.#page.listen({
        networkLost: () => {
          connection.networkLost();
          // Who loses the network may be about to close the page.
          void this.#cache.flush(this.directory);
        },
        networkFound: connection.networkFound,
        shown: () => {
          connection.shown();
          this.setActive(true);
        },
        hidden: () => {
          this.setActive(false);
          void this.#cache.flush(this.directory);
        },
      }),
      connection.state.subscribe(() => emitter.emit('connection', connection.state.get())),
      session.state.subscribe(() => {
        const state = session.state.get();
        const isOver = state.kind === 'signed_out' && connection.state.get().kind !== 'stopped';
        if (isOver && this.externalSession === null) connection.close('signed_out');
        emitter.emit('session', state);
      }),
    );
  }

  async #load(): Promise<void> {
    this.#store.begin();
    try {
      await this.session.load();
      const userId = this.me();
      if (userId === '') return;
      await this.begin(userId);
      await this.#cache.restore(this.directory);
      await this.queue.adopt();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(thrown: unknown): void {
    this.emitter.emit('error', toChatError(thrown));
  }
}

function unreachable(): never {
  throw new Error('a session is of one kind or the other');
}
