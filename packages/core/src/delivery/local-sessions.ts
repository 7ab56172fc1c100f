import type { Envelope, EventDelivery, SessionRecord, SessionRegistry } from '@confab/contracts';
import type { LocalSession, SharedFrames } from '../face/local-session.ts';

/** The sessions of this node by user, and the registry's word of them. */
export class LocalSessions {
  readonly #byUser = new Map<string, readonly LocalSession[]>();
  readonly #registry: SessionRegistry;
  readonly #node: { readonly nodeId: string; readonly bootId: string };

  constructor(registry: SessionRegistry, node: { readonly nodeId: string; readonly bootId: string }) {
    this.#registry = registry;
    this.#node = node;
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
    if (left.length === 0) this.#byUser.delete(session.userId);
    else this.#byUser.set(session.userId, left);
  }

  of(userId: string): readonly LocalSession[] {
    return this.#byUser.get(userId) ?? [];
  }

  /** Hands an envelope to the sessions it is for; gives how many events went to sockets. */
  receive(envelope: Envelope): number {
    switch (envelope.kind) {
      case 'events': {
        let handed = 0;
        for (const delivery of envelope.deliveries)
          handed += this.#handEvent(envelope.conversationId, delivery);
        return handed;
      }
      case 'receipt':
        this.#each(envelope.userIds, (session) => session.receiveReceipt(envelope.frame));
        return 0;
      case 'typing':
        this.#each(envelope.userIds, (session) =>
          session.receiveTyping(envelope.conversationId, envelope.userId),
        );
        return 0;
      case 'device_revoked':
        for (const session of this.of(envelope.userId)) {
          if (session.deviceId === envelope.deviceId) session.deviceRevoked();
        }
        return 0;
    }
  }

  #handEvent(conversationId: string, delivery: EventDelivery): number {
    const shared: SharedFrames = { everyone: null, sender: null };
    const event = { ...delivery, conversationId };
    let handed = 0;
    for (const userId of delivery.userIds) {
      for (const session of this.of(userId)) {
        session.receiveEvent(event, shared);
        handed += 1;
      }
    }
    return handed;
  }

  #each(userIds: readonly string[], action: (session: LocalSession) => void): void {
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
