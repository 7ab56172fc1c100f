import { Cell } from '../cell.ts';
import type { SessionState } from '../client-types.ts';
import { ChatError } from '../errors.ts';
import type { ClientStorage } from '../storage/client-storage.ts';
import type { AccessToken, TokenSource } from './token-source.ts';

/** The row `session/external`: who the last token was for, as the server said. */
interface StoredIdentity {
  readonly userId: string | null;
  readonly deviceId: string;
}

interface ExternalSessionOptions {
  readonly getToken: (stale: string | null) => Promise<string>;
  readonly storage: ClientStorage;
  readonly newId: () => string;
}

/** The session of an embedding product: it gives the tokens, the server says who they are for. */
export class ExternalSession implements TokenSource {
  readonly state = new Cell<SessionState>({ kind: 'loading' });
  readonly #options: ExternalSessionOptions;
  #identity: StoredIdentity | null = null;
  #token: string | null = null;
  #asking: Promise<string> | null = null;

  constructor(options: ExternalSessionOptions) {
    this.#options = options;
  }

  /** The client's own device id: external users log in nowhere, so no server chose one. */
  get deviceId(): string {
    return this.#identity?.deviceId ?? '';
  }

  async load(): Promise<void> {
    const { storage, newId } = this.#options;
    const stored = (await storage.read('session', 'external')) as StoredIdentity | undefined;
    this.#identity = stored ?? { userId: null, deviceId: newId() };
    if (stored === undefined) await this.#save(this.#identity);
    this.#publish(this.#identity);
  }

  /** The server said who the token is for. */
  async identified(userId: string): Promise<void> {
    if (this.#identity === null || this.#identity.userId === userId) return;
    this.#identity = { ...this.#identity, userId };
    this.#publish(this.#identity);
    await this.#save(this.#identity);
  }

  async forget(reason: 'logged_out' | 'ended'): Promise<void> {
    this.#token = null;
    this.state.set({ kind: 'signed_out', reason });
    if (this.#identity === null || reason !== 'logged_out') return;
    this.#identity = { ...this.#identity, userId: null };
    await this.#save(this.#identity);
  }

  readonly token = async (stale: string | null): Promise<AccessToken> => {
    if (this.#token === null || this.#token === stale) {
      this.#asking ??= this.#ask(stale).finally(() => (this.#asking = null));
      this.#token = await this.#asking;
    }
    return { value: this.#token, renewAtMs: null };
  };

  async #ask(stale: string | null): Promise<string> {
    try {
      return await this.#options.getToken(stale);
    } catch (cause) {
      if (cause instanceof ChatError) throw cause;
      // The product's own server may be away for a while; that ends nobody's session.
      throw new ChatError('network', `getToken: ${String(cause)}`, { cause });
    }
  }

  #publish({ userId, deviceId }: StoredIdentity): void {
    this.state.set(
      userId === null ? { kind: 'signed_out', reason: 'never' } : { kind: 'signed_in', userId, deviceId },
    );
  }

  async #save(identity: StoredIdentity): Promise<void> {
    await this.#options.storage.write([{ table: 'session', key: 'external', value: identity }]);
  }
}
