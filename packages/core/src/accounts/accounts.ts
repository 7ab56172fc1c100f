import {
  type Accounts,
  type Clock,
  type Digest,
  externalUserId,
  type PasswordHasher,
  type Principal,
  type Random,
  type UserRecord,
} from '@confab/contracts';
import { ConfabError, decoderOf, operations, type RequestOf, foldName } from '@confab/protocol';
import { timeText } from '../log/time-text.ts';

interface AccountsOptions {
  readonly accounts: Accounts;
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly registration: 'open' | 'closed';
}

const accountDecoder = decoderOf<RequestOf<'create_account'>>(operations.create_account.request);

/** Registration and profiles. */
export class Registration {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** Creates an account; gives its user id. */
  async register(request: RequestOf<'create_account'>): Promise<string> {
    const { accounts, clock, passwords, random, registration } = this.#options;
    if (registration === 'closed')
      throw new ConfabError('forbidden', 'Registration is closed on this server.');
    // Some characters become several, or others than the allowed ones, when they are composed.
    const { username } = accountDecoder.decode({ ...request, username: request.username.normalize('NFKC') });
    const foldedUsername = foldName(username);
    const passwordHash = await passwords.hash(request.password);
    const userId = `u${random.urlSafe(22)}`;
    const outcome = await accounts.create({
      userId,
      username,
      foldedUsername,
      displayName: request.displayName ?? request.username,
      picture: null,
      passwordHash,
      createdAt: timeText(clock.nowMs()),
    });
    if (outcome === 'username_taken') throw new ConfabError('username_taken');
    return userId;
  }

  /** Creates or updates a user of the embedding product. */
  async putExternal(request: RequestOf<'put_external_user'>): Promise<UserRecord> {
    const { digest } = this.#options;
    const userId = externalUserId(digest, request.issuer, request.subject);
    return await this.putExternalById(userId, request.displayName, request.picture ?? null);
  }

  /** Notes a user of the embedding product at first sight, with what their token says of them. */
  async seeExternal(userId: string, profile: Principal['external']): Promise<void> {
    if ((await this.#options.accounts.byIds([userId])).has(userId)) return;
    const displayName = profile?.displayName ?? `User ${userId.slice(1, 7)}`;
    await this.putExternalById(userId, displayName, profile?.picture ?? null);
  }

  async putExternalById(userId: string, displayName: string, picture: string | null): Promise<UserRecord> {
    const { accounts, clock } = this.#options;
    const known = (await accounts.byIds([userId])).get(userId);
    if (known !== undefined && known.displayName === displayName && known.picture === picture) return known;
    const createdAt = known?.createdAt ?? timeText(clock.nowMs());
    const record: UserRecord = { userId, username: null, displayName, picture, createdAt };
    await accounts.putExternal(record);
    return record;
  }

  /** Which of these users do not exist. */
  async unknownAmong(userIds: readonly string[]): Promise<readonly string[]> {
    const known = await this.#options.accounts.byIds(userIds);
    return userIds.filter((userId) => !known.has(userId));
  }

  async search(query: string, limit: number): Promise<readonly UserRecord[]> {
    return await this.#options.accounts.search(foldName(query), limit);
  }

  async byIds(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    return await this.#options.accounts.byIds(userIds);
  }

  async one(userId: string): Promise<UserRecord> {
    const record = (await this.#options.accounts.byIds([userId])).get(userId);
    if (record === undefined) throw new ConfabError('not_found');
    return record;
  }
}
