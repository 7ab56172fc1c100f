/**
 * The least that a connection needs of what carries it. The transport reports back by calling the connection it was
 * opened with: `receive`, `receiveBinary`, `heard`, `drained` and, once, `transportClosed`.
 */
export interface Transport {
  readonly kind: 'websocket' | 'stream';
  readonly heartbeat: Heartbeat;
  /** Takes texts in order until the peer is behind; gives how many it took. Those it took it sends or loses with the link. */
  send(texts: readonly string[]): number;
  /** Bytes it took and the system did not. */
  readonly bufferedBytes: number;
  /** True while it should be given nothing more; `drained` follows. */
  readonly isBlocked: boolean;
  /** Shows the peer that we are here, and asks for a sign of life where the transport can. */
  beat(): void;
  /** Stops or goes on reading, where the transport can. */
  setReading(isReading: boolean): void;
  /** Ends the link without waiting for the peer. `transportClosed` follows, perhaps within this call. */
  close(code: number, reason: string): void;
}

/** When to show that we are here, and how long the answer may take; null where none comes. */
export interface Heartbeat {
  readonly intervalMs: number;
  readonly answerMs: number | null;
}
