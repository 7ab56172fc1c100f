import type { Envelope, NodeBus } from '@confab/contracts';

/** An envelope that tells who published it and in what place. */
export function numbered(publisher: string, place: number): Envelope {
  return {
    kind: 'receipt',
    userIds: [],
    frame: { conversationId: publisher, userId: 'ann', delivered: place },
  };
}

/** The places of what arrives at a node, by publisher, in the order it came. */
export class Arrivals {
  readonly #places = new Map<string, number[]>();

  constructor(bus: NodeBus, nodeId: string) {
    bus.subscribe(nodeId, (envelope) => {
      if (envelope.kind !== 'receipt') return;
      const { conversationId, delivered = -1 } = envelope.frame;
      this.of(conversationId).push(delivered);
    });
  }

  of(publisher: string): number[] {
    const known = this.#places.get(publisher) ?? [];
    this.#places.set(publisher, known);
    return known;
  }
}

export function placesUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, place) => place);
}
