import type { EventPage, LogEvent, ServerFrameOf } from '@confab/protocol';
import type { Timers } from '../client-types.ts';
import type { ChatError } from '../errors.ts';
import { LogFollower, type Position } from '../log/log-follower.ts';

interface OwnLogPorts {
  readonly timers: Timers;
  readonly requestSync: (conversationId: string, after: string | null) => boolean;
  readonly joined: (conversationId: string) => void;
  /** `sequence` is the one of the leaving, in the conversation left. */
  readonly left: (conversationId: string, sequence: number) => void;
  readonly changed: () => void;
}

/** The user's own log: which conversations they joined and left, wherever that happened. */
export class OwnLog {
  readonly #ports: OwnLogPorts;
  #conversationId: string | null = null;
  #follower: LogFollower | null = null;

  constructor(ports: OwnLogPorts) {
    this.#ports = ports;
  }

  get conversationId(): string | null {
    return this.#conversationId;
  }

  get position(): Position | null {
    return this.#follower?.position ?? null;
  }

  owns(conversationId: string): boolean {
    return this.#conversationId === conversationId;
  }

  restore(conversationId: string, position: Position): void {
    this.#follow(conversationId, position);
  }

  /** `wasHandedOver`: the server had our cursor, so what we miss comes; otherwise the list of heads says it all. */
  ready({ conversationId, head }: ServerFrameOf<'ready'>['ownLog'], wasHandedOver: boolean): void {
    const place: Position = { sequence: head?.sequence ?? 0, eventId: head?.eventId ?? null };
    if (this.owns(conversationId) && wasHandedOver) this.#follower?.noteHead(place.sequence);
    else this.#follow(conversationId, place);
  }

  arrive(event: LogEvent): void {
    this.#follower?.arrive(event);
  }

  takePage(page: EventPage): void {
    this.#follower?.takePage(page);
  }

  noteHead(sequence: number): void {
    this.#follower?.noteHead(sequence, true);
  }

  syncFailed(error: ChatError): void {
    this.#follower?.syncFailed(error);
  }

  caughtUp(): void {
    this.#follower?.caughtUp();
  }

  connectionLost(): void {
    this.#follower?.connectionLost();
  }

  clear(): void {
    this.#follower?.stop();
    this.#follower = null;
    this.#conversationId = null;
  }

  #follow(conversationId: string, position: Position): void {
    this.#follower?.stop();
    this.#conversationId = conversationId;
    this.#follower = new LogFollower({
      conversationId,
      position,
      timers: this.#ports.timers,
      requestSync: this.#ports.requestSync,
      handlers: {
        apply: (event) => this.#apply(event),
        reset: this.#ports.changed,
        // Nobody is removed from the own log; a server that says so has lost it, and the list of heads says it all.
        gone: () => undefined,
        changed: this.#ports.changed,
      },
    });
    this.#ports.changed();
  }

  #apply(event: LogEvent): void {
    if (event.type !== 'membership_event') return;
    switch (event.change) {
      case 'joined':
        this.#ports.joined(event.targetConversationId);
        return;
      case 'left':
        this.#ports.left(event.targetConversationId, event.targetSequence);
    }
  }
}
