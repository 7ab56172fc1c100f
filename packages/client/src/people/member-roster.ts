import type { LogEvent, MemberEvent, Role, User } from '@confab/protocol';
import { Derived } from '../cell.ts';
import type { MemberList, Members } from '../conversation-types.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import type { UserDirectory } from './user-directory.ts';

const PAGE_ITEMS = 200;

interface Row {
  readonly role: Role;
  readonly user: User | null;
}

/** The members of one conversation: pages read when wanted, kept true by the log's events. */
export class MemberRoster implements Members {
  readonly #conversationId: string;
  readonly #http: HttpCaller;
  readonly #users: UserDirectory;
  readonly #list: Derived<MemberList>;
  readonly #rows = new Map<string, Row>();
  #status: MemberList['status'] = 'loading';
  #cursor: string | null = null;
  #loading: Promise<void> | null = null;
  /** Events that came while a page was on its way, which may be older than they are. */
  #meanwhile: MemberEvent[] = [];
  /** Tells an answer from one that belongs to an earlier reading. */
  #round = 0;

  constructor(conversationId: string, http: HttpCaller, users: UserDirectory) {
    this.#conversationId = conversationId;
    this.#http = http;
    this.#users = users;
    this.#list = new Derived(() => this.#listed(), {
      watched: () => {
        if (this.#status === 'loading') this.loadMore().catch(() => undefined);
      },
      unwatched: () => undefined,
    });
  }

  get get(): Members['get'] {
    return this.#list.get;
  }

  get subscribe(): Members['subscribe'] {
    return this.#list.subscribe;
  }

  readonly loadMore = async (): Promise<void> => {
    if (this.#status === 'complete') return;
    const loading = (this.#loading ??= this.#load());
    try {
      await loading;
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  };

  /** Who came and went meanwhile is not known: what was read is read again, at once where somebody looks. */
  restart(): void {
    if (this.#status === 'loading' && this.#loading === null) return;
    this.#round += 1;
    this.#rows.clear();
    this.#cursor = null;
    this.#status = 'loading';
    this.#loading = null;
    this.#list.invalidate();
    if (this.#list.isWatched) this.loadMore().catch(() => undefined);
  }

  /** A log event of the conversation was applied. */
  applied(event: LogEvent): void {
    if (event.type !== 'member_event') return;
    if (this.#loading !== null) this.#meanwhile.push(event);
    if (this.#status !== 'loading') this.#apply(event);
  }

  #apply(event: MemberEvent): void {
    for (const member of event.members) this.#applyMember(event.change, member);
    this.#list.invalidate();
  }

  #applyMember(change: MemberEvent['change'], { userId, role }: { userId: string; role: Role }): void {
    switch (change) {
      case 'joined':
      case 'role_changed': {
        const known = this.#rows.get(userId);
        // Somebody whose page was not read yet comes with it.
        if (change === 'role_changed' && known === undefined) return;
        this.#rows.set(userId, { role, user: known?.user ?? this.#users.user(userId).get() });
        if (known === undefined) void this.#learn(userId);
        return;
      }
      case 'left':
      case 'removed':
        this.#rows.delete(userId);
    }
  }

  async #learn(userId: string): Promise<void> {
    await this.#users.read(userId);
    const row = this.#rows.get(userId);
    if (row === undefined || row.user !== null) return;
    this.#rows.set(userId, { ...row, user: this.#users.user(userId).get() });
    this.#list.invalidate();
  }

  async #load(): Promise<void> {
    const round = this.#round;
    this.#meanwhile = [];
    const answer = await this.#http.callPatiently('list_members', {
      conversationId: this.#conversationId,
      limit: PAGE_ITEMS,
      ...(this.#cursor === null ? {} : { cursor: this.#cursor }),
    });
    if (round !== this.#round) return;
    for (const { userId, role, user } of answer.members) {
      this.#rows.set(userId, { role, user });
      this.#users.learn(user);
    }
    this.#cursor = answer.next ?? null;
    this.#status = this.#cursor === null ? 'complete' : 'partial';
    this.#list.invalidate();
    for (const event of this.#meanwhile.splice(0)) this.#apply(event);
  }

  #listed(): MemberList {
    return {
      items: [...this.#rows].map(([userId, { role, user }]) => ({ userId, role, user })),
      status: this.#status,
    };
  }
}
