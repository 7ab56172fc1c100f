import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller, Chat } from '@confab/core';
import { type Access, ConfabError, type HttpVerb } from '@confab/protocol';

/** What the server of an embedding product may do in the name of one of its users. */
export const actAsVerbs: ReadonlySet<HttpVerb> = new Set<HttpVerb>([
  'create_conversation',
  'get_conversation',
  'update_conversation',
  'list_members',
  'add_members',
  'remove_member',
  'update_member',
]);

/** The device of what a server does in a user's name. */
const SERVER_DEVICE = 'server';
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Compares a secret with what somebody says it is, in a time that tells neither its content nor its length. */
export function secretMatcher(secret: string | null): (said: string) => boolean {
  if (secret === null) return () => false;
  const expected = createHash('sha256').update(secret).digest();
  return (said) => timingSafeEqual(createHash('sha256').update(said).digest(), expected);
}

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerOf(headers: Headers): string | null {
  const header = headers.get('authorization');
  if (header === null) return null;
  const isBearer = header.startsWith('Bearer ') || header.slice(0, 7).toLowerCase() === 'bearer ';
  const token = isBearer ? header.slice(7).trim() : '';
  return token === '' ? null : token;
}

/** Says who asks, by the headers alone: before a body is read it is known whose it is. */
export class Doorkeeper {
  readonly #chat: Pick<Chat, 'authenticate' | 'handle'>;
  readonly #isApiKey: (said: string) => boolean;

  constructor(chat: Pick<Chat, 'authenticate' | 'handle'>, apiKey: string | null) {
    this.#chat = chat;
    this.#isApiKey = secretMatcher(apiKey);
  }

  /** Throws `unauthenticated`, `token_expired`, or `invalid` for a header that is no id. */
  async callerOf(verb: HttpVerb, access: Access, headers: Headers): Promise<Caller> {
    switch (access) {
      case 'anyone':
        return { kind: 'anyone' };
      case 'server':
        this.#requireApiKey(headers);
        return { kind: 'server' };
      case 'user':
      case 'member': {
        const actAs = headers.get('confab-act-as');
        return actAs === null ? await this.#userOf(headers) : await this.#actAs(verb, actAs, headers);
      }
    }
  }

  async #userOf(headers: Headers): Promise<Caller> {
    const token = bearerOf(headers);
    if (token === null) throw new ConfabError('unauthenticated');
    const device = headers.get('confab-device');
    if (device !== null && !ID.test(device))
      throw new ConfabError('invalid', 'Header Confab-Device is no device id.');
    const { userId, deviceId } = await this.#chat.authenticate(token, device);
    return { kind: 'user', userId, deviceId };
  }

  async #actAs(verb: HttpVerb, userId: string, headers: Headers): Promise<Caller> {
    this.#requireApiKey(headers);
    if (!actAsVerbs.has(verb))
      throw new ConfabError('unauthenticated', 'An API key cannot do this for a user.');
    if (!ID.test(userId)) throw new ConfabError('invalid', 'Header Confab-Act-As is no user id.');
    const caller: Caller = { kind: 'user', userId, deviceId: SERVER_DEVICE };
    await this.#requireUser(caller, verb);
    return caller;
  }

  /** Tokens prove that their user exists; a header proves nothing. To a conversation nobody is a stranger like any other. */
  async #requireUser(caller: Extract<Caller, { kind: 'user' }>, verb: HttpVerb): Promise<void> {
    if (verb !== 'create_conversation') return;
    const { userId } = caller;
    try {
      await this.#chat.handle('get_user', caller, { userId }, { lane: null, gone: null });
    } catch (error) {
      if (!(error instanceof ConfabError) || error.code !== 'not_found') throw error;
      throw new ConfabError('unknown_members', 'The user of Confab-Act-As does not exist.', {
        userIds: [userId],
      });
    }
  }

  #requireApiKey(headers: Headers): void {
    const said = bearerOf(headers);
    if (said === null || !this.#isApiKey(said))
      throw new ConfabError('unauthenticated', 'This takes the API key.');
  }
}
