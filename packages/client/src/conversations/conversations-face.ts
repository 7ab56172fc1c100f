import type { AnswerOf, ConversationSummary, LogEvent, Role } from '@confab/protocol';
import type { Conversations, ConversationView, Members } from '../conversation-types.ts';
import { ChatError } from '../errors.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import type { Observable } from '../observable.ts';
import { MemberRoster } from '../people/member-roster.ts';
import type { UserDirectory } from '../people/user-directory.ts';
import type { Directory } from './directory.ts';

interface FacePorts {
  readonly directory: Directory;
  readonly http: HttpCaller;
  readonly users: UserDirectory;
  readonly newId: () => string;
  readonly me: () => string;
}

/** The user's conversations as the app sees them. */
export class ConversationsFace implements Conversations {
  readonly #ports: FacePorts;
  readonly #rosters = new Map<string, MemberRoster>();

  constructor(ports: FacePorts) {
    this.#ports = ports;
  }

  get get(): Conversations['get'] {
    return this.#ports.directory.list.get;
  }

  get subscribe(): Conversations['subscribe'] {
    return this.#ports.directory.list.subscribe;
  }

  readonly conversation = (conversationId: string): Observable<ConversationView | null> =>
    this.#ports.directory.entry(conversationId).view;

  readonly typing = (conversationId: string): Observable<readonly string[]> =>
    this.#ports.directory.entry(conversationId).typing.users;

  readonly members = (conversationId: string): Members => {
    const known = this.#rosters.get(conversationId);
    if (known !== undefined) return known;
    const roster = new MemberRoster(conversationId, this.#ports.http, this.#ports.users);
    this.#rosters.set(conversationId, roster);
    return roster;
  };

  readonly startDirect = async (userId: string): Promise<ConversationView> =>
    this.#added(
      await this.#ports.http.callPatiently('create_conversation', {
        conversationType: 'direct',
        memberIds: [userId],
      }),
    );

  readonly createGroup: Conversations['createGroup'] = async ({ title, memberIds }) =>
    this.#added(
      await this.#ports.http.callPatiently('create_conversation', {
        conversationType: 'group',
        memberIds: [...memberIds],
        clientMessageId: this.#ports.newId(),
        ...(title === null ? {} : { title }),
      }),
    );

  readonly addMembers: Conversations['addMembers'] = async (conversationId, userIds, role) => {
    const request = { conversationId, clientMessageId: this.#ports.newId(), userIds: [...userIds] };
    const withRole = role === undefined ? request : { ...request, role };
    this.#arrive(await this.#ports.http.callPatiently('add_members', withRole));
  };

  readonly removeMember = async (conversationId: string, userId: string): Promise<void> => {
    await this.#remove(conversationId, userId);
  };

  readonly leave = async (conversationId: string): Promise<void> => {
    const events = await this.#remove(conversationId, this.#ports.me());
    // Where the answer comes late, the user may be back already.
    const left = events.at(-1)?.sequence ?? Number.POSITIVE_INFINITY;
    this.#ports.directory.left(conversationId, left);
  };

  async #remove(conversationId: string, userId: string): Promise<readonly LogEvent[]> {
    const clientMessageId = this.#ports.newId();
    const answer = await this.#ports.http.callPatiently('remove_member', {
      conversationId,
      userId,
      clientMessageId,
    });
    this.#arrive(answer);
    return answer.events;
  }

  readonly rename = async (conversationId: string, title: string | null): Promise<void> => {
    const clientMessageId = this.#ports.newId();
    this.#arrive(
      await this.#ports.http.callPatiently('update_conversation', { conversationId, clientMessageId, title }),
    );
  };

  readonly setRole = async (conversationId: string, userId: string, role: Role): Promise<void> => {
    const clientMessageId = this.#ports.newId();
    this.#arrive(
      await this.#ports.http.callPatiently('update_member', {
        conversationId,
        clientMessageId,
        userId,
        role,
      }),
    );
  };

  /** A log event was applied; open member lists follow. */
  applied(event: LogEvent): void {
    this.#rosters.get(event.conversationId)?.applied(event);
  }

  /** Events of the conversation were left out; a member list that is open is read anew. */
  leapt(conversationId: string): void {
    this.#rosters.get(conversationId)?.restart();
  }

  /** Another user begins. */
  clear(): void {
    this.#rosters.clear();
  }

  #added({ conversation }: { readonly conversation: ConversationSummary }): ConversationView {
    const view = this.#ports.directory.upsert(conversation).view.get();
    if (view === null) throw new ChatError('unexpected', 'the conversation is gone already');
    return view;
  }

  /** The answer may come before the event; both are the same event. */
  #arrive({ events }: NonNullable<AnswerOf<'add_members'>>): void {
    for (const event of events) this.#ports.directory.arrive(event);
  }
}
