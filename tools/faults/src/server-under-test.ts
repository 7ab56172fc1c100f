/** What the scenarios talk to: one machine's server, or a fleet behind its balancer. `await using` ends it. */
export interface ServerUnderTest extends AsyncDisposable {
  /** Where devices go. */
  readonly baseUrl: string;
  /** The port of `baseUrl`. */
  readonly port: number;
  /** One gateway behind it, always the same. */
  readonly gatewayUrl: string;
  /** Every gateway behind it: one machine has one. */
  readonly gatewayUrls: readonly string[];
  /** Behind every name of a person: where scenes share a store, each has people of its own. */
  readonly nameSuffix: string;
  /** `kill -9`, and gone when this resolves: of the server, or of one gateway of the fleet, the next one each time. */
  kill(): Promise<void>;
  /** Brings back what is down, and waits until it takes requests. */
  start(): Promise<void>;
}
