/** Who is at the other end of an HTTP request. */
export interface Asker {
  /** The peer's IP address, for rate limits. */
  readonly address: string;
  /** Resolves when the peer has gone before it was answered in full. Never rejects. */
  readonly gone: Promise<void>;
}
