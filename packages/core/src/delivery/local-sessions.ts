import type {
  Envelope,
  EventDelivery,
  EventsEnvelope,
  HeadEnvelope,
  NodeRecord,
  SessionOpenedEnvelope,
  SessionRecord,
  SessionRegistry,
} from '@confab/contracts';
import { conversationIdPrefix } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';
import type { LocalSession, SharedFrames } from '../face/local-session.ts';
import { FollowedConversations, type FollowedOptions } from './followed.ts';
import { Handed } from './handed.ts';

/** What the sessions of a node stand on. */
export type LocalSessionsOptions = Pick<FollowedOptions, 'registry' | 'log' | 'views' | 'node' | 'onFault'>;

/** The sessions of this node by user, the registry's word of them, and what they have been handed. */
export class LocalSessions {
  readonly handed = new Handed();
  readonly #byUser = new Map<string, readonly LocalSession[]>();
  readonly #registry: SessionRegistry;
  readonly #node: NodeRecord;
  readonly #onFault: (error: unknown) => void;
  readonly #followed: FollowedConversations;

  constructor(options: LocalSessionsOptions) {
    this.#registry = options.registry;
    this.#node = options.node;
    this.#onFault = options.onFault;
    this.#followed = new FollowedConversations({
      ...options,
      isHere: (userId) => this.#byUser.has(userId),
      tellBehind: (conversationId, sequence, userIds) => this.tellBehind(conversationId, sequence, userIds),
    });
  }

  /** From here on the session hears; resolved once other nodes can know it. */
  async attach(session: LocalSession): Promise<void> {
    this.#byUser.set(session.userId, [...(this.#byUser.get(session.userId) ?? []), session]);
    try {
      await this.#registry.claim(this.#record(session));
    } catch (error) {
      this.#forget(session);
      throw error;
    }
  }

  async detach(session: LocalSession): Promise<void> {
    this.#forget(session);
    await this.#registry.release(this.#record(session));
  }

  #forget(session: LocalSession): void {
    const left = (this.#byUser.get(session.userId) ?? []).filter((other) => other !== session);
    if (left.length > 0) {
      this.#byUser.set(session.userId, left);
      return;
    }
    this.#byUser.delete(session.userId);
    this.#followed.leave(session.userId);
  }

  of(userId: string): readonly LocalSession[] {
    return this.#byUser.get(userId) ?? [];
  }

  /** Lets a user's sessions hear a conversation whose members are not looked up one by one. See `FollowedConversations`. */
  async listen(conversationId: string, userId: string): Promise<number> {
    const through = await this.#followed.listen(conversationId, userId);
    // What its sessions were told of by ticks, before this user listened, no tick tells again.
    return Math.max(through, this.handed.reached(conversationId));
  }

  /** The users of this node that are members of a followed conversation; null where it is not followed. */
  followersOf(conversationId: string): ReadonlySet<string> | null {
    return this.#followed.membersOf(conversationId);
  }

  /** Sessions of these users may have missed something of a conversation, up to a sequence. */
  tellBehind(conversationId: string, sequence: number, userIds: Iterable<string>): void {
    this.#each(userIds, (session) => session.fellBehind(conversationId, sequence));
  }

  /** Hands an envelope to the sessions it is for; gives how many events went to sockets. */
  receive(envelope: Envelope): number {
    switch (envelope.kind) {
      case 'events':
        return this.#receiveEvents(envelope);
      case 'head':
        this.#receiveHead(envelope);
        return 0;
      case 'receipt':
        this.#each(envelope.userIds, (session) => session.receiveReceipt(envelope.frame));
        return 0;
      case 'typing':
        this.#each(envelope.userIds, (session) =>
          session.receiveTyping(envelope.conversationId, envelope.userId),
        );
        return 0;
      case 'session_opened':
        for (const session of this.of(envelope.userId)) {
          if (isReplacedBy(session, envelope)) session.replaced();
        }
        return 0;
      case 'device_revoked':
        for (const session of this.of(envelope.userId)) {
          if (session.deviceId === envelope.deviceId) session.deviceRevoked();
        }
        return 0;
    }
  }

  #receiveEvents({ conversationId, isFollowed, deliveries }: EventsEnvelope): number {
    let handed = 0;
    for (const delivery of deliveries) {
      if (isFollowed && delivery.userIds !== null) this.#followed.begin(conversationId, delivery.userIds);
      const userIds = this.#followed.recipientsOf(conversationId, delivery) ?? delivery.userIds ?? [];
      handed += this.#handEvent(conversationId, delivery, userIds);
    }
    return handed;
  }

  #receiveHead({ conversationId, isFollowed, sequence, userIds }: HeadEnvelope): void {
    if (isFollowed && userIds !== null) this.#followed.begin(conversationId, userIds);
    if (!this.handed.isBehind(conversationId, sequence)) return;
    this.tellBehind(conversationId, sequence, userIds ?? this.#followed.membersOf(conversationId) ?? []);
    // What stands in an own log is looked at by the sweep, where it was not handed on.
    if (!conversationId.startsWith(conversationIdPrefix.self)) this.handed.raise(conversationId, sequence);
  }

  #handEvent(conversationId: string, delivery: EventDelivery, userIds: readonly string[]): number {
    const shared: SharedFrames = { everyone: null, sender: null };
    const event = { ...delivery, conversationId };
    let handed = 0;
    for (const userId of userIds) {
      for (const session of this.of(userId)) {
        session.receiveEvent(event, shared);
        handed += 1;
      }
    }
    if (handed === 0) return 0;
    // A hole in an own log is left to the sweep, which reads what its user has joined.
    const isHole = delivery.sequence > this.handed.reached(conversationId) + 1;
    if (!isHole || !conversationId.startsWith(conversationIdPrefix.self))
      this.handed.raise(conversationId, delivery.sequence);
    this.noteJoin(event);
    return handed;
  }

  /**
   * Sessions are shown an event of their user's own log. Of a conversation joined nothing else may have reached this
   * node, and the device need not ask it for more: it is looked after from here on.
   */
  noteJoin({ conversationId, json }: { readonly conversationId: string; readonly json: string }): void {
    if (!conversationId.startsWith(conversationIdPrefix.self)) return;
    const event = JSON.parse(json) as LogEvent;
    if (event.type !== 'membership_event' || event.change !== 'joined') return;
    const { targetConversationId, targetSequence, senderId } = event;
    this.handed.note(targetConversationId, targetSequence);
    // Where it is followed for others, ticks say nothing of who has joined.
    if (this.followersOf(targetConversationId)?.has(senderId) !== false) return;
    this.listen(targetConversationId, senderId)
      .then((through) => this.tellBehind(targetConversationId, through, [senderId]))
      .catch(this.#onFault);
  }

  #each(userIds: Iterable<string>, action: (session: LocalSession) => void): void {
    for (const userId of userIds) for (const session of this.of(userId)) action(session);
  }

  #record(session: LocalSession): SessionRecord {
    return {
      userId: session.userId,
      deviceId: session.deviceId,
      connectionId: session.connectionId,
      nodeId: this.#node.nodeId,
      bootId: this.#node.bootId,
    };
  }
}

function isReplacedBy(session: LocalSession, opened: SessionOpenedEnvelope): boolean {
  const { connectionId, deviceId, instanceId, openedAtMs } = session;
  if (deviceId !== opened.deviceId || instanceId !== opened.instanceId) return false;
  if (openedAtMs !== opened.openedAtMs) return openedAtMs < opened.openedAtMs;
  return connectionId < opened.connectionId;
}
