import type { Observable } from '../observable.ts';
import type { SessionState } from '../client-types.ts';
import type { TokenSource } from './token-source.ts';

/** A session of either kind: an account's on this server, or a user's of an embedding product. */
export interface DeviceSession extends TokenSource {
  readonly state: Observable<SessionState>;
  readonly load: () => Promise<void>;
  /** Over here; the server is not told. */
  readonly forget: (reason: 'logged_out' | 'ended') => Promise<void>;
}
