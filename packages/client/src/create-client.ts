import type { ChatClient, ClientOptions } from './client-types.ts';

/** Makes a client. Nothing is sent before `account.logIn` or `connection.connect`. */
export function createClient(options: ClientOptions): ChatClient {
  throw new Error(`not yet: ${options.clientName}`);
}
