import type { Transform } from '../proxy/pipe.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { MessageFault } from './message-fault.ts';
import { ReplySplitter } from './reply-splitter.ts';

/**
 * One client's way to a Redis: `tcp` is what the network can do to it; besides, publications can be harmed one by one.
 * Each client that is to fare otherwise than the others has a proxy of its own. `await using` ends it.
 */
export class RedisProxy {
  readonly tcp: TcpProxy;
  readonly #publications: Publications;

  private constructor(tcp: TcpProxy, publications: Publications) {
    this.tcp = tcp;
    this.#publications = publications;
  }

  /** Stands before the Redis at this port of this machine. */
  static async before(targetPort: number): Promise<RedisProxy> {
    const publications = new Publications();
    const transform = () => ({ toClient: publications.ofLink() });
    return new RedisProxy(await TcpProxy.start({ targetPort, transform }), publications);
  }

  /** `redis://host:port` */
  get url(): string {
    return `redis://127.0.0.1:${this.tcp.port}`;
  }

  /** From now on this goes wrong with publications to the client; null: nothing. */
  harm(fault: MessageFault | null): void {
    this.#publications.fault = fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tcp[Symbol.asyncDispose]();
  }
}

/** What Redis sends to a client, taken apart into whole replies: harming part of one would break the stream. */
class Publications {
  fault: MessageFault | null = null;

  ofLink(): Transform {
    const splitter = new ReplySplitter();
    return (chunk, pass) => {
      for (const { bytes, publication } of splitter.take(chunk)) {
        if (publication === null || this.fault === null) pass(bytes);
        else {
          this.fault.take(publication, (afterMs) => {
            if (afterMs > 0) setTimeout(() => pass(bytes), afterMs);
            else pass(bytes);
          });
        }
      }
    };
  }
}
