import type {
  Clock,
  EventDelivery,
  NodeBus,
  Observer,
  ReceiptNews,
  SessionRegistry,
} from '@confab/contracts';
import { type ConversationState, type DeliveryTier, TICK_MS, tierOf } from '@confab/conversation';
import type { LocalSession } from '../face/local-session.ts';
import type { Planned } from '../log/batch.ts';

/**
 * Where followers deliver, the members are looked up all the same for this long after this node first delivered the
 * conversation, and then once in a while: so that nodes that do not know yet that they are to follow it learn it.
 */
const LOOKED_UP_FIRST_MS = 5_000;
const LOOKED_UP_EVERY_MS = 60_000;
/** Conversations with followers whose look-ups are remembered. */
const FOLLOWED_MAX = 10_000;

export interface DeliveryOptions {
  readonly node: { readonly nodeId: string };
  readonly registry: SessionRegistry;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly tiers: readonly DeliveryTier[];
}

/** A conversation, as it is told to reach to a sequence. */
interface Tick {
  readonly state: ConversationState;
  readonly sequence: number;
}

/** When the members of a followed conversation were first and last looked up here. */
interface LookUps {
  readonly firstMs: number;
  lastMs: number;
}

/**
 * Brings committed events to the nodes that hold a member's session, as the conversation's tier says: one envelope a
 * node and batch, in commit order for each conversation. Lossy by contract: who misses one finds it by its sequence.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** The delivery under way for each conversation; the next waits for it, since looking up sessions may take time. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** The members of a state as a list, made once for all events between two changes of membership. */
  readonly #memberLists = new WeakMap<object, readonly string[]>();
  readonly #lookUps = new Map<string, LookUps>();
  /** Conversations that were told of a moment ago, with the newest tick and how far the last one that was sent said. */
  readonly #ticks = new Map<string, { tick: Tick; readonly sent: number; readonly cancel: () => void }>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Delivers the events of one commit. */
  deliver(planned: readonly Planned[]): void {
    const state = planned.at(-1)?.state;
    if (state === undefined) return;
    switch (this.#deliveryOf(state)) {
      case 'push':
        return this.#inTurn(state.conversationId, () => this.#push(planned));
      case 'followers':
        return this.#inTurn(state.conversationId, () => this.#pushToFollowers(planned));
      case 'ticks':
        return this.tell(state, state.head.sequence);
    }
  }

  /**
   * Says that a conversation reaches to a sequence to whoever may not know: after a repetition, say, whose first answer
   * came from a node that may not have lived to deliver the event. At once where none waits: a quiet conversation's news
   * need not be late; then at most one in `TICK_MS`, however many ask.
   */
  tell(state: ConversationState, sequence: number): void {
    const { conversationId } = state;
    const waiting = this.#ticks.get(conversationId);
    if (waiting === undefined) this.#tickAndWait({ state, sequence });
    else if (sequence > waiting.tick.sequence) waiting.tick = { state, sequence };
  }

  /** Sends the ticks that wait, and resolves when all that was to be delivered is on the bus. */
  async stop(): Promise<void> {
    for (const { tick, sent, cancel } of this.#ticks.values()) {
      cancel();
      if (tick.sequence > sent) this.#inTurn(tick.state.conversationId, () => this.#tick(tick));
    }
    this.#ticks.clear();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  #deliveryOf({ type, members }: ConversationState): DeliveryTier['delivery'] {
    return type === 'self' ? 'push' : tierOf(this.#options.tiers, type, members.size).delivery;
  }

  #inTurn(conversationId: string, action: () => Promise<void>): void {
    const before = this.#underWay.get(conversationId);
    const now = (before ?? Promise.resolve())
      .then(action)
      .catch((error: unknown) => this.#options.observer.fault({ where: 'delivery', error }));
    this.#underWay.set(conversationId, now);
    void now.then(() => {
      if (this.#underWay.get(conversationId) === now) this.#underWay.delete(conversationId);
    });
  }

  async #push(planned: readonly Planned[]): Promise<void> {
    const envelopes = new Map<string, EventDelivery[]>();
    await this.#addLocated(planned, envelopes);
    this.#publish(planned, envelopes, false);
  }

  /** To each node that follows; and to those that hold a member and do not follow yet, where it is time to look. */
  async #pushToFollowers(planned: readonly Planned[]): Promise<void> {
    const conversationId = planned[0]?.event.conversationId ?? '';
    const envelopes = new Map<string, EventDelivery[]>();
    if (this.#isTimeToLook(conversationId)) await this.#addLocated(planned, envelopes);
    for (const nodeId of await this.#options.registry.followers(conversationId)) {
      if (envelopes.has(nodeId)) continue;
      envelopes.set(
        nodeId,
        planned.map((item) => deliveryOf(item, null)),
      );
    }
    this.#publish(planned, envelopes, true);
  }

  async #addLocated(planned: readonly Planned[], envelopes: Map<string, EventDelivery[]>): Promise<void> {
    let recipients: readonly string[] = [];
    let located: ReadonlyMap<string, readonly string[]> = new Map();
    for (const item of planned) {
      const wanted = this.#recipientsOf(item);
      if (wanted !== recipients) {
        located = await this.#options.registry.locate(wanted);
        recipients = wanted;
      }
      for (const [nodeId, userIds] of located) {
        const deliveries = envelopes.get(nodeId) ?? [];
        deliveries.push(deliveryOf(item, userIds));
        envelopes.set(nodeId, deliveries);
      }
    }
  }

  #publish(
    planned: readonly Planned[],
    envelopes: ReadonlyMap<string, readonly EventDelivery[]>,
    isFollowed: boolean,
  ): void {
    const conversationId = planned[0]?.event.conversationId ?? '';
    for (const [nodeId, deliveries] of envelopes) {
      this.#options.bus.publish(nodeId, { kind: 'events', conversationId, isFollowed, deliveries });
    }
  }

  #isTimeToLook(conversationId: string): boolean {
    const nowMs = this.#options.clock.nowMs();
    const known = this.#lookUps.get(conversationId);
    if (known === undefined) {
      this.#lookUps.set(conversationId, { firstMs: nowMs, lastMs: nowMs });
      const oldest = this.#lookUps.keys().next().value;
      if (this.#lookUps.size > FOLLOWED_MAX && oldest !== undefined) this.#lookUps.delete(oldest);
      return true;
    }
    const isSettled = nowMs - known.firstMs >= LOOKED_UP_FIRST_MS;
    if (isSettled && nowMs - known.lastMs < LOOKED_UP_EVERY_MS) return false;
    known.lastMs = nowMs;
    return true;
  }

  #tickAndWait(tick: Tick): void {
    const { conversationId } = tick.state;
    this.#inTurn(conversationId, () => this.#tick(tick));
    const cancel = this.#options.clock.after(TICK_MS, () => {
      const newest = this.#ticks.get(conversationId)?.tick ?? tick;
      this.#ticks.delete(conversationId);
      if (newest.sequence > tick.sequence) this.#tickAndWait(newest);
    });
    this.#ticks.set(conversationId, { tick, sent: tick.sequence, cancel });
  }

  async #tick({ state, sequence }: Tick): Promise<void> {
    const { conversationId } = state;
    const { registry, bus } = this.#options;
    const isFollowed = this.#deliveryOf(state) !== 'push';
    const common = { kind: 'head', conversationId, sequence, isFollowed } as const;
    const told = new Set<string>();
    if (!isFollowed || this.#isTimeToLook(conversationId)) {
      for (const [nodeId, userIds] of await registry.locate(this.#membersOf(state))) {
        bus.publish(nodeId, { ...common, userIds });
        told.add(nodeId);
      }
    }
    if (!isFollowed) return;
    for (const nodeId of await registry.followers(conversationId)) {
      if (!told.has(nodeId)) bus.publish(nodeId, { ...common, userIds: null });
    }
  }

  /** Members after the event, and those whom it made leave: they see their own removal and nothing after it. */
  #recipientsOf(item: Planned): readonly string[] {
    const list = this.#membersOf(item.state);
    return item.departed.length === 0 ? list : [...list, ...item.departed];
  }

  #membersOf({ members }: ConversationState): readonly string[] {
    const known = this.#memberLists.get(members);
    if (known !== undefined) return known;
    const list = [...members.keys()];
    this.#memberLists.set(members, list);
    return list;
  }

  /** Tells users of watermarks that moved. */
  async deliverReceipt(userIds: readonly string[], frame: ReceiptNews): Promise<void> {
    for (const [nodeId, found] of await this.#options.registry.locate(userIds)) {
      this.#options.bus.publish(nodeId, { kind: 'receipt', userIds: found, frame });
    }
  }

  async deliverTyping(userIds: readonly string[], conversationId: string, userId: string): Promise<void> {
    for (const [nodeId, found] of await this.#options.registry.locate(userIds)) {
      this.#options.bus.publish(nodeId, { kind: 'typing', userIds: found, conversationId, userId });
    }
  }

  /** Tells the other nodes that hold the user's sessions of a new one, which replaces its own earlier self there. */
  async deliverOpening({
    userId,
    deviceId,
    instanceId,
    connectionId,
    openedAtMs,
  }: LocalSession): Promise<void> {
    if (instanceId === null) return;
    const { bus, node, registry } = this.#options;
    for (const [nodeId] of await registry.locate([userId])) {
      if (nodeId === node.nodeId) continue;
      bus.publish(nodeId, { kind: 'session_opened', userId, deviceId, instanceId, connectionId, openedAtMs });
    }
  }

  /** Tells the nodes that hold the user's sessions that a device is signed out. */
  async deliverRevocation(userId: string, deviceId: string): Promise<void> {
    for (const [nodeId] of await this.#options.registry.locate([userId])) {
      this.#options.bus.publish(nodeId, { kind: 'device_revoked', userId, deviceId });
    }
  }
}

function deliveryOf(item: Planned, userIds: readonly string[] | null): EventDelivery {
  const { sequence, ordinal, eventId, sentAt, senderId, clientMessageId, json } = item.event;
  const { joined, departed } = item;
  return { sequence, ordinal, eventId, sentAt, senderId, clientMessageId, json, userIds, joined, departed };
}
