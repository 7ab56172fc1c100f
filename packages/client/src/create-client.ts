import type { User } from '@confab/protocol';
import { Cell } from './cell.ts';
import { Client } from './client.ts';
import type { Account, ChatClient, ClientOptions, Connection } from './client-types.ts';
import { ChatError } from './errors.ts';
import { platformLocks } from './platform/locks.ts';
import { pageWatch } from './platform/page-watch.ts';
import { settingsOf } from './platform/settings.ts';

/** Makes a client. Nothing is sent before `account.logIn` or `connection.connect`. */
export function createClient(options: ClientOptions): ChatClient {
  const client = new Client(settingsOf(options), platformLocks(), pageWatch());
  const connection = connectionOf(client);
  const close = async (): Promise<void> => await client.close();
  return {
    account: accountOf(client, connection),
    connection,
    conversations: client.conversations,
    users: client.users,
    pendingCount: client.queue.pendingCount,
    timeline: client.timeline,
    on: client.emitter.on,
    call: client.http.call,
    loaded: client.loaded,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connectionOf(client: Client): Connection {
  let isWanted = false;
  const connect = async (): Promise<void> => {
    await client.loaded;
    if (!isWanted) return;
    const isSignedOut = client.session.state.get().kind !== 'signed_in' && client.externalSession === null;
    if (isSignedOut) client.connection.close('signed_out');
    else client.connection.connect();
  };
  return {
    state: client.connection.state,
    connect: () => {
      isWanted = true;
      void connect();
    },
    close: () => {
      isWanted = false;
      client.connection.close('closed');
    },
    setActive: client.setActive,
  };
}

function accountOf(client: Client, connection: Connection): Account {
  const { http, settings } = client;
  const session = client.accountSession;
  return {
    session: client.session.state,
    profile: profileOf(client),
    register: async (request) => await http.call('create_account', request),
    async logIn(request) {
      if (session === null) throw new ChatError('not_applicable', 'Tokens come from getToken.');
      await client.loaded;
      client.connection.close('closed');
      const { deviceName } = settings;
      await session.logIn(deviceName === null ? request : { ...request, deviceName });
      if (!(await client.begin(client.me()))) client.forget();
      await client.queue.adopt();
      connection.connect();
    },
    async logOut() {
      await client.loaded;
      client.connection.close('signed_out');
      await (session === null ? client.session.forget('logged_out') : session.logOut());
      await client.erase();
    },
    devices: async () => (await http.call('list_devices', {})).devices,
    async revokeDevice(deviceId) {
      await http.call('delete_device', { deviceId });
    },
  };
}

/** The user's own profile: read when somebody watches it, again for another user. */
function profileOf(client: Client): Account['profile'] {
  let watching: (() => void) | null = null;
  const profile: Cell<User | null> = new Cell<User | null>(null, {
    watched: () => follow(),
    unwatched: () => {
      watching?.();
      watching = null;
    },
  });
  const follow = (): void => {
    watching?.();
    const me = client.me();
    if (me === '') {
      watching = null;
      profile.set(null);
      return;
    }
    const user = client.users.user(me);
    profile.set(user.get());
    watching = user.subscribe(() => profile.set(user.get()));
  };
  client.session.state.subscribe(() => {
    if (watching !== null || profile.get() !== null) follow();
  });
  return profile;
}
