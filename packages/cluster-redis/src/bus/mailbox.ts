import type { Envelope } from '@confab/contracts';
import type { ClusterFault } from '../cluster-fault.ts';

type Receiver = (envelope: Envelope) => void;

/** The receivers of this node. One that throws takes nothing from the others. */
export class Mailbox {
  readonly #onFault: (fault: ClusterFault) => void;
  #receivers: readonly Receiver[] = [];
  /** What this node published to itself; it is handed over before the next I/O, which bounds it. */
  #waiting: Envelope[] = [];

  constructor(onFault: (fault: ClusterFault) => void) {
    this.#onFault = onFault;
  }

  subscribe(receiver: Receiver): () => void {
    const own: Receiver = (envelope) => receiver(envelope);
    this.#receivers = [...this.#receivers, own];
    return () => {
      this.#receivers = this.#receivers.filter((one) => one !== own);
    };
  }

  /** Hands over in a microtask, so that a publisher never runs a receiver's code. */
  post(envelope: Envelope): void {
    if (this.#receivers.length === 0) return;
    this.#waiting.push(envelope);
    if (this.#waiting.length > 1) return;
    queueMicrotask(() => {
      const envelopes = this.#waiting;
      this.#waiting = [];
      for (const one of envelopes) this.deliver(one);
    });
  }

  deliver(envelope: Envelope): void {
    for (const receiver of this.#receivers) {
      try {
        receiver(envelope);
      } catch (error) {
        this.#onFault({ where: 'cluster-redis/bus/receive', error });
      }
    }
  }
}
