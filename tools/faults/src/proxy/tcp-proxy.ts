import { connect, createServer, type Server, type Socket } from 'node:net';
import { CLEAR, type Course, type Cut } from './flow.ts';
import { ProxyLink, type Transforms } from './proxy-link.ts';

const HOST = '127.0.0.1';

export type ProxyOptions = {
  /** The port of the server behind it, on this machine. */
  readonly targetPort: number;
  /** Asked once for each link: what is done to its bytes. Left out: they pass as they are. */
  readonly transform?: () => Transforms;
};

/**
 * Stands between clients and a server on this machine, and does to their links what networks do: delays, throttles,
 * holds up, loses, cuts and refuses. All of it can be changed while it runs, for all links or for single ones.
 * `await using` ends it, and every link with it.
 */
export class TcpProxy {
  readonly #transform: () => Transforms;
  readonly #links = new Set<ProxyLink>();
  #targetPort: number;
  #server: Server | null = null;
  #port = 0;
  #course: Course = CLEAR;
  /** Called with each new link, before a byte of it passes; what it sets holds for that link alone. */
  onLink: (link: ProxyLink) => void = () => undefined;

  private constructor({ targetPort, transform }: ProxyOptions) {
    this.#targetPort = targetPort;
    this.#transform = transform ?? (() => ({}));
  }

  static async start(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    await proxy.accept();
    return proxy;
  }

  /** Where clients connect; the same for as long as it lives. */
  get port(): number {
    return this.#port;
  }

  get baseUrl(): string {
    return `http://${HOST}:${this.#port}`;
  }

  /** The links that are open on either side, oldest first. */
  get links(): readonly ProxyLink[] {
    return [...this.#links];
  }

  /** From now on, for every link there is and every one to come. */
  set(course: Course): void {
    this.#course = {
      toServer: { ...this.#course.toServer, ...course.toServer },
      toClient: { ...this.#course.toClient, ...course.toClient },
    };
    for (const link of this.#links) link.set(course);
  }

  /** Ends every link; gives how many there were. */
  cut(how: Cut): number {
    const { links } = this;
    for (const link of links) link.cut(how);
    return links.length;
  }

  /** Takes no new links: who connects is refused. Those there are go on. */
  refuse(): void {
    this.#server?.close();
    this.#server = null;
  }

  /** Takes new links again, on the port it has had. */
  async accept(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#link(client),
    );
    this.#server = server;
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    server.listen(this.#port, HOST, listening.resolve);
    await listening.promise;
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Links that come from now on go to another server. */
  retarget(port: number): void {
    this.#targetPort = port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    const { links } = this;
    for (const link of links) link.cut('reset');
    await Promise.all(links.map(async ({ closed }) => closed));
  }

  #link(client: Socket): void {
    // A machine that does not answer is the server's to be: what the client sends waits here until there is a link.
    const server = connect({ port: this.#targetPort, host: HOST, allowHalfOpen: true });
    const link = new ProxyLink({ client, server, transforms: this.#transform() });
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
    link.set(this.#course);
    this.onLink(link);
  }
}
