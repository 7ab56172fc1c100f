/** Business events, one call each; the observer writes log, metric and trace. It never throws. */
export interface Observer {
  messageCommitted(event: {
    readonly conversationId: string;
    readonly count: number;
    readonly durationMs: number;
  }): void;
  commitRefused(event: { readonly conversationId: string; readonly reason: string }): void;
  delivered(event: { readonly sockets: number; readonly events: number }): void;
  /** Sessions were told of events that had not reached this node. */
  lossRepaired(event: { readonly sessions: number }): void;
  /** `cause`: what went wrong beneath, for those who run the program; undefined for most refusals. */
  requestRefused(event: { readonly verb: string; readonly code: string; readonly cause: unknown }): void;
  connectionOpened(event: { readonly transport: 'websocket' | 'stream' }): void;
  connectionReady(event: {
    readonly durationMs: number;
    readonly conversations: number;
    readonly replayed: number;
  }): void;
  connectionClosed(event: { readonly code: number; readonly transport: 'websocket' | 'stream' }): void;
  workFailed(event: { readonly kind: string; readonly error: unknown }): void;
  /** A fault of ours. The only call that takes an error of unknown kind; bodies and tokens are never in `facts`. */
  fault(event: {
    readonly where: string;
    readonly error: unknown;
    readonly facts?: Readonly<Record<string, string | number>>;
  }): void;
}
