import type { User } from '@confab/protocol';
import { Cell } from '../cell.ts';
import type { Users } from '../client-types.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import type { Observable } from '../observable.ts';

const SEARCH_LIMIT = 20;

/** Users by id. Each is read at most once, when somebody first watches it, or learned in passing. */
export class UserDirectory implements Users {
  readonly #http: HttpCaller;
  readonly #cells = new Map<string, Cell<User | null>>();
  readonly #asked = new Set<string>();

  constructor(http: HttpCaller) {
    this.#http = http;
  }

  readonly user = (userId: string): Observable<User | null> => this.#cell(userId);

  readonly search = async (query: string): Promise<readonly User[]> => {
    const { users } = await this.#http.callPatiently('search_users', { query, limit: SEARCH_LIMIT });
    for (const user of users) this.learn(user);
    return users;
  };

  /** A user that came with something else. */
  learn(user: User): void {
    const cell = this.#cell(user.userId);
    if (JSON.stringify(cell.get()) !== JSON.stringify(user)) cell.set(user);
  }

  /** Asks again for those that are unknown yet and watched; after a failure or a new login. */
  clear(): void {
    this.#asked.clear();
  }

  async read(userId: string): Promise<void> {
    if (this.#asked.has(userId)) return;
    this.#asked.add(userId);
    try {
      this.learn(await this.#http.callPatiently('get_user', { userId }));
    } catch {
      // The next one who watches asks again.
      this.#asked.delete(userId);
    }
  }

  #cell(userId: string): Cell<User | null> {
    const known = this.#cells.get(userId);
    if (known !== undefined) return known;
    const cell: Cell<User | null> = new Cell<User | null>(null, {
      watched: () => {
        if (cell.get() === null) void this.read(userId);
      },
      unwatched: () => undefined,
    });
    this.#cells.set(userId, cell);
    return cell;
  }
}
