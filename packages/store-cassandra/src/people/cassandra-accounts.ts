import type {
  Accounts,
  ArchivedAccount,
  ArchivePage,
  Credentials,
  NewAccount,
  UserRecord,
} from '@confab/contracts';
import { foldName } from '@confab/protocol';
import { readEach } from '../bounded.ts';
import type { CqlSession } from '../cql-session.ts';
import { decide } from '../decide.ts';
import { AccountNames } from './account-names.ts';

interface AccountRow {
  readonly user_id: string;
  readonly profile: string;
  readonly folded_username: string | null;
  readonly password_hash: string | null;
  /** Microseconds. */
  readonly profile_written_at: number;
}

interface ClaimRow {
  readonly user_id: string;
  readonly profile: string;
  readonly password_hash: string;
}

/** What a profile holds beside the user's id. */
type Profile = Omit<UserRecord, 'userId'>;

type ExternalAccount = Exclude<ArchivedAccount['account'], NewAccount>;

const MICROSECONDS_PER_MS = 1_000;

const COLUMNS = 'user_id, profile, folded_username, password_hash, WRITETIME(profile) AS profile_written_at';
const BY_ID = `SELECT ${COLUMNS} FROM accounts WHERE user_id = ?`;
const FIRST_PAGE = `SELECT ${COLUMNS} FROM accounts LIMIT ?`;
const NEXT_PAGE = `SELECT ${COLUMNS} FROM accounts WHERE token(user_id) > token(?) LIMIT ?`;
const CLAIM = `INSERT INTO usernames (folded_username, user_id, profile, password_hash)
  VALUES (?, ?, ?, ?) IF NOT EXISTS`;
const CLAIMED = 'SELECT user_id, profile, password_hash FROM usernames WHERE folded_username = ?';
const PUT_OWN = `INSERT INTO accounts (user_id, profile, folded_username, password_hash)
  VALUES (?, ?, ?, ?) USING TIMESTAMP ?`;
const PUT_EXTERNAL = 'INSERT INTO accounts (user_id, profile) VALUES (?, ?) USING TIMESTAMP ?';

/**
 * Users. An account with a password comes to be by one conditional row that is both the claim of its name and the whole
 * account; the row by id and the names to search by follow from it, and are made up for at the next log-in where the
 * process died in between. What one call writes plainly has one timestamp, later than that of what it saw, so that the
 * latest call wins everywhere.
 */
export class CassandraAccounts implements Accounts {
  readonly #session: CqlSession;
  readonly #names: AccountNames;

  constructor(session: CqlSession) {
    this.#session = session;
    this.#names = new AccountNames(session);
  }

  async create(account: NewAccount): Promise<'created' | 'username_taken'> {
    const { userId, foldedUsername, passwordHash } = account;
    const known = await this.#byId(userId);
    if (known !== null && known.folded_username !== foldedUsername) {
      throw new Error(`a second account with the id ${userId}`);
    }
    const params = [foldedUsername, userId, profileOf(account), passwordHash];
    if ((await decide(this.#session, [{ cql: CLAIM, params }])) !== 'applied') {
      // A lost answer, or the same call again: the name may be ours already.
      const [claim] = await this.#session.readSerial<ClaimRow>(CLAIMED, [foldedUsername]);
      if (claim?.user_id !== userId) return 'username_taken';
    }
    await this.#putOwn(account);
    return 'created';
  }

  async putExternal(user: UserRecord): Promise<void> {
    const known = await this.#byId(user.userId);
    if (known !== null && known.password_hash !== null) return;
    const before = known === null ? null : userRecord(known);
    // Whoever was seen first keeps the time of it.
    const profile = profileOf({ ...user, createdAt: before?.createdAt ?? user.createdAt });
    if (known?.profile === profile) return;
    const writtenAtMicros = microsAfter(known?.profile_written_at ?? 0);
    const name = foldName(user.displayName);
    await this.#names.add([name], user.userId, writtenAtMicros);
    await this.#session.write(PUT_EXTERNAL, [user.userId, profile, writtenAtMicros]);
    const nameBefore = before === null ? name : foldName(before.displayName);
    if (nameBefore !== name) await this.#names.remove(nameBefore, user.userId, writtenAtMicros);
  }

  async byIds(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const users = new Map<string, UserRecord>();
    for (const row of await this.#rows(userIds)) users.set(row.user_id, userRecord(row));
    return users;
  }

  async credentials(foldedUsername: string): Promise<Credentials | null> {
    // No account has that name, and no partition an empty key.
    if (foldedUsername === '') return null;
    const [claim] = await this.#session.read<ClaimRow>(CLAIMED, [foldedUsername]);
    if (claim === undefined) return null;
    const { user_id: userId, password_hash: passwordHash } = claim;
    if ((await this.#byId(userId)) === null) {
      const user = userOf(userId, claim.profile);
      await this.#putOwn({
        ...user,
        username: user.username ?? foldedUsername,
        foldedUsername,
        passwordHash,
      });
    }
    return { userId, passwordHash };
  }

  async search(foldedPrefix: string, limit: number): Promise<readonly UserRecord[]> {
    const found = new Map<string, UserRecord>();
    for await (const page of this.#names.withPrefix(foldedPrefix)) {
      const rows = await this.#rows([...new Set(page.map((name) => name.user_id))]);
      const byId = new Map(rows.map((row) => [row.user_id, row]));
      for (const { name, user_id: userId } of page) {
        if (found.size === limit) break;
        const row = byId.get(userId);
        if (row !== undefined && !found.has(userId) && hasName(row, name)) found.set(userId, userRecord(row));
      }
      if (found.size === limit) break;
    }
    return [...found.values()];
  }

  /** For the archive: in the order of the tokens of their ids. */
  async page(after: string | null, limit: number): Promise<ArchivePage<ArchivedAccount['account']>> {
    const rows = await (after === null
      ? this.#session.read<AccountRow>(FIRST_PAGE, [limit])
      : this.#session.read<AccountRow>(NEXT_PAGE, [after, limit]));
    const next = rows.length < limit ? null : (rows.at(-1)?.user_id ?? null);
    return { items: rows.map(archivedAccount), next };
  }

  /** For the archive. Throws where another user has the name. */
  async put(account: ArchivedAccount['account']): Promise<void> {
    if (account.foldedUsername === null) {
      await this.putExternal(account);
    } else if ((await this.create(account)) === 'username_taken') {
      throw new Error(`the name ${account.username} is another user's`);
    }
  }

  /** Names before the row: where the row stands, they do. */
  async #putOwn(account: NewAccount): Promise<void> {
    const { userId, foldedUsername, displayName, passwordHash } = account;
    const writtenAtMicros = microsAfter(0);
    await this.#names.add([...new Set([foldedUsername, foldName(displayName)])], userId, writtenAtMicros);
    const params = [userId, profileOf(account), foldedUsername, passwordHash, writtenAtMicros];
    await this.#session.write(PUT_OWN, params);
  }

  async #byId(userId: string): Promise<AccountRow | null> {
    const [row] = await this.#session.read<AccountRow>(BY_ID, [userId]);
    return row ?? null;
  }

  async #rows(userIds: readonly string[]): Promise<readonly AccountRow[]> {
    const rows = await readEach(userIds, (userId) => this.#byId(userId));
    return rows.filter((row) => row !== null);
  }
}

function profileOf({ username, displayName, picture, createdAt }: UserRecord): string {
  return JSON.stringify({ username, displayName, picture, createdAt } satisfies Profile);
}

function userOf(userId: string, profile: string): UserRecord {
  return { userId, ...(JSON.parse(profile) as Profile) };
}

function userRecord(row: AccountRow): UserRecord {
  return userOf(row.user_id, row.profile);
}

function hasName(row: AccountRow, name: string): boolean {
  return row.folded_username === name || foldName(userRecord(row).displayName) === name;
}

function archivedAccount(row: AccountRow): NewAccount | ExternalAccount {
  const user = userRecord(row);
  const { folded_username: foldedUsername, password_hash: passwordHash } = row;
  const { username } = user;
  if (username === null || foldedUsername === null || passwordHash === null) {
    return { ...user, foldedUsername: null, passwordHash: null };
  }
  return { ...user, username, foldedUsername, passwordHash };
}

/** Now, but after what was written before, whatever the clock of that node said. */
function microsAfter(writtenAtMicros: number): number {
  return Math.max(Date.now() * MICROSECONDS_PER_MS, writtenAtMicros + 1);
}
