import type { DeviceSession } from './device-session.ts';

/** How far a connection has come. */
export type ConnectionState =
  | {
      readonly kind: 'awaiting_authentication';
      framesSeen: number;
      isVerifying: boolean;
      readonly sinceTick: number;
    }
  | { readonly kind: 'resuming'; framesSeen: number; isReady: boolean; readonly session: DeviceSession }
  | { readonly kind: 'live'; readonly session: DeviceSession }
  | { readonly kind: 'closing' };
