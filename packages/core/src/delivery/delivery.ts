import type {
  EventDelivery,
  EventsEnvelope,
  NodeBus,
  Observer,
  ReceiptNews,
  SessionRegistry,
} from '@confab/contracts';
import type { Planned } from '../log/batch.ts';

export interface DeliveryOptions {
  readonly registry: SessionRegistry;
  readonly bus: NodeBus;
  readonly observer: Observer;
}

/**
 * Brings committed events to the nodes that hold a member's session: one envelope a node and batch, in commit order
 * for each conversation. Lossy by contract: who misses one finds it by its sequence.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** The delivery under way for each conversation; the next waits for it, since looking up sessions may take time. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** The members of a state as a list, made once for all events between two changes of membership. */
  readonly #memberLists = new WeakMap<object, readonly string[]>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Delivers the events of one commit. */
  deliver(planned: readonly Planned[]): void {
    const [first] = planned;
    if (first === undefined) return;
    const { conversationId } = first.event;
    const before = this.#underWay.get(conversationId);
    const now = (before ?? Promise.resolve())
      .then(() => this.#publish(conversationId, planned))
      .catch((error: unknown) => this.#options.observer.fault({ where: 'delivery', error }));
    this.#underWay.set(conversationId, now);
    void now.then(() => {
      if (this.#underWay.get(conversationId) === now) this.#underWay.delete(conversationId);
    });
  }

  async #publish(conversationId: string, planned: readonly Planned[]): Promise<void> {
    const envelopes = new Map<string, EventDelivery[]>();
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
    for (const [nodeId, deliveries] of envelopes) {
      const envelope: EventsEnvelope = { kind: 'events', conversationId, deliveries };
      this.#options.bus.publish(nodeId, envelope);
    }
  }

  /** Members after the event, and those whom it made leave: they see their own removal and nothing after it. */
  #recipientsOf(item: Planned): readonly string[] {
    const { members } = item.state;
    let list = this.#memberLists.get(members);
    if (list === undefined) {
      list = [...members.keys()];
      this.#memberLists.set(members, list);
    }
    return item.departed.length === 0 ? list : [...list, ...item.departed];
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

  /** Tells the nodes that hold the user's sessions that a device is signed out. */
  async deliverRevocation(userId: string, deviceId: string): Promise<void> {
    for (const [nodeId] of await this.#options.registry.locate([userId])) {
      this.#options.bus.publish(nodeId, { kind: 'device_revoked', userId, deviceId });
    }
  }
}

function deliveryOf(item: Planned, userIds: readonly string[]): EventDelivery {
  const { sequence, ordinal, eventId, sentAt, senderId, clientMessageId, json } = item.event;
  return { sequence, ordinal, eventId, sentAt, senderId, clientMessageId, json, userIds };
}
