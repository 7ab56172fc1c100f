import { type ChatClient, type ClientOptions, type ClientStorage, createClient } from '../index.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { DrivenTimers, settle } from './driven-timers.ts';
import { FakeServer } from './fake-server.ts';

/** A fake server, a driven clock, and clients between them. */
export class FakeWorld {
  readonly server = new FakeServer();
  readonly timers = new DrivenTimers();
  #ids = 0;

  constructor(userIds: readonly string[]) {
    this.server.http.now = this.timers.now;
    for (const userId of userIds) this.server.addUser(userId);
  }

  /** A client that has not connected; on the same storage it is another tab, or the next run of the same device. */
  client(storage: ClientStorage = memoryStorage(), more: Partial<ClientOptions> = {}): ChatClient {
    this.#ids += 1;
    const tab = this.#ids;
    let ids = 0;
    return createClient({
      url: 'http://chat.test',
      clientName: 'test/1',
      storage,
      transport: 'websocket',
      webSocket: this.server.webSocket,
      fetch: this.server.http.fetch,
      timers: this.timers,
      random: () => 0.5,
      newId: () => {
        ids += 1;
        return `id-${tab}-${ids}-0123456789abcdef0123`;
      },
      ...more,
    });
  }

  /** A client that is logged in and live. */
  async live(userId: string, storage?: ClientStorage, more?: Partial<ClientOptions>): Promise<ChatClient> {
    const client = this.client(storage, more);
    await client.account.logIn({ username: userId, password: 'password' });
    await settle();
    return client;
  }
}

/** The texts of a conversation on the server, in order. */
export function committedIn({ server }: FakeWorld, conversationId: string): string[] {
  const events = server.store.logs.get(conversationId)?.events ?? [];
  return events.flatMap((event) => (event.type === 'message_event' ? [event.body] : []));
}

/** The texts of a timeline, in order. */
export function bodiesOf(client: ChatClient, conversationId: string): string[] {
  return client
    .timeline(conversationId)
    .get()
    .items.flatMap((item) => (item.kind === 'message' ? [item.body] : []));
}

/** The states of the own messages of a timeline, in order. */
export function statesOf(client: ChatClient, conversationId: string): string[] {
  return client
    .timeline(conversationId)
    .get()
    .items.flatMap((item) => (item.kind === 'message' && item.own ? [item.state.kind] : []));
}
