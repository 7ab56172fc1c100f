import { SeededRandom } from '@confab/testkit';
import type { ProxyLink } from './proxy-link.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export type RandomCutsOptions = {
  readonly seed: number;
  /** How many bytes of the server a link lives for at most; most live far shorter. */
  readonly bytesMax: number;
};

/** What a client says until it is level, and a little more: some links die within it, others by what they hear. */
const SAID_BYTES_MAX = 2_000;

/**
 * While it lasts, every new link of a proxy dies in the midst of it: after a random number of bytes in one
 * direction or the other, by a reset or an end..
 */
export class RandomCuts {
  /** How many links have died by it. */
  count = 0;
  readonly #proxy: TcpProxy;
  readonly #random: SeededRandom;
  readonly #bytesMax: number;
  #isOver = false;

  constructor(proxy: TcpProxy, { seed, bytesMax }: RandomCutsOptions) {
    this.#proxy = proxy;
    this.#random = new SeededRandom(seed);
    this.#bytesMax = bytesMax;
    proxy.onLink = (link) => this.#doom(link);
    for (const link of proxy.links) this.#doom(link);
  }

  /** Cuts all links there are once more, as nobody knows how much longer they would have lived. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#proxy.onLink = () => undefined;
    this.count += this.#proxy.cut('reset');
  }

  #doom(link: ProxyLink): void {
    const how = this.#random.chance(0.5) ? 'reset' : 'end';
    const part = this.#random.fraction() ** 2;
    link.cutAfter(Math.ceil(part * this.#bytesMax), 'toClient', how);
    if (this.#random.chance(0.25)) link.cutAfter(1 + this.#random.below(SAID_BYTES_MAX), 'toServer', how);
    void link.closed.then(() => {
      if (!this.#isOver) this.count += 1;
    });
  }
}
