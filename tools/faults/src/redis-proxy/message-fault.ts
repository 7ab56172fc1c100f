import type { Publication } from './reply-splitter.ts';

/** Lets a publication go on to its subscriber after so long: not called, it is lost; called twice, it comes twice. */
type Pass = (afterMs: number) => void;

/** What goes wrong with publications on their way to one subscriber. */
export interface MessageFault {
  take(publication: Publication, pass: Pass): void;
  /** How many it has lost, doubled or held up. */
  readonly harmed: number;
}

/** A frame of the bus that carries envelopes; the others tell how far a link is, or ask. */
const ENVELOPES = /^\d+ data /;

/** Loses this share of all publications. */
export function losing(share: number): MessageFault {
  return new EachFault((pass) => {
    if (Math.random() < share) return true;
    pass(0);
    return false;
  });
}

/** Gives this share twice, the second time up to `withinMs` later. */
export function doubling(share: number, withinMs: number): MessageFault {
  return new EachFault((pass) => {
    pass(0);
    if (Math.random() >= share) return false;
    pass(Math.random() * withinMs);
    return true;
  });
}

/** Holds each up for up to `withinMs`, so that later ones overtake it. */
export function shuffling(withinMs: number): MessageFault {
  return new EachFault((pass) => {
    pass(Math.random() * withinMs);
    return true;
  });
}

/** Brings all of them late, in order. */
export function delaying(delayMs: number): MessageFault {
  return new EachFault((pass) => {
    pass(delayMs);
    return true;
  });
}

/** What `first` lets through goes through `second`. */
export function both(first: MessageFault, second: MessageFault): MessageFault {
  return {
    take(publication, pass) {
      first.take(publication, (firstMs) => {
        second.take(publication, (secondMs) => pass(firstMs + secondMs));
      });
    },
    get harmed() {
      return first.harmed + second.harmed;
    },
  };
}

/**
 * Loses each frame of envelopes behind which the subscriber hears nothing for `quietMs`: the one whose loss no later
 * frame shows. What is sent again comes through, for there it would be the last one again, for ever.
 */
export function losingLastOfBurst(quietMs: number): MessageFault {
  return new LastOfBurstFault(quietMs);
}

/** Does to one publication after the other what does not depend on the others. */
class EachFault implements MessageFault {
  harmed = 0;
  readonly #harm: (pass: Pass) => boolean;

  /** `harm` tells whether it did. */
  constructor(harm: (pass: Pass) => boolean) {
    this.#harm = harm;
  }

  take(_publication: Publication, pass: Pass): void {
    if (this.#harm(pass)) this.harmed += 1;
  }
}

type Held = { readonly pass: Pass; readonly timer: ReturnType<typeof setTimeout> };

class LastOfBurstFault implements MessageFault {
  readonly #quietMs: number;
  readonly #lost = new Set<string>();
  #held: Held | null = null;

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  get harmed(): number {
    return this.#lost.size;
  }

  take({ text }: Publication, pass: Pass): void {
    this.#release();
    if (!ENVELOPES.test(text) || this.#lost.has(text)) {
      pass(0);
      return;
    }
    const timer = setTimeout(() => {
      this.#held = null;
      this.#lost.add(text);
    }, this.#quietMs);
    this.#held = { pass, timer };
  }

  #release(): void {
    if (this.#held === null) return;
    const { pass, timer } = this.#held;
    clearTimeout(timer);
    this.#held = null;
    pass(0);
  }
}
