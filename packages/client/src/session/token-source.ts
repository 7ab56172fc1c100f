/** A token and when to have it renewed (milliseconds since the epoch), where that is known. */
export interface AccessToken {
  readonly value: string;
  readonly renewAtMs: number | null;
}

/** Gives access tokens. */
export interface TokenSource {
  /**
   * A token that is probably valid; `stale` is one that was refused. Rejects with `signed_out` or `session_ended`
   * where there is none to be had, with an error that may be retried where the server could not be asked.
   */
  readonly token: (stale: string | null) => Promise<AccessToken>;
}
