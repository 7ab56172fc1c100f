import type { ClientFrame, ServerFrame } from '@confab/protocol';
import type { TransportKind } from '../client-types.ts';

/** Why a link is no more. `code` is a WebSocket close code; other transports use the same ranges. */
export interface LinkClose {
  readonly code: number;
  readonly reason: string;
  /** Milliseconds the server asked to stay away, where it did. */
  readonly afterMs: number | null;
}

export interface LinkEvents {
  /** `authenticate` may be sent now. */
  readonly opened: () => void;
  readonly frame: (frame: ServerFrame) => void;
  /** A frame that came another way than the link itself: it says nothing about whether the link lives. */
  readonly answer: (frame: ServerFrame) => void;
  /** Something came in that is no frame of this version: a sign of life all the same. */
  readonly heard: () => void;
  /** Called once at most, and not after `close`. */
  readonly closed: (close: LinkClose) => void;
}

/** One connection over one transport. */
export interface Link {
  /** Never throws. What is sent on a closed link is lost, as on any broken link. */
  readonly send: (frame: ClientFrame) => void;
  readonly close: (code: number, reason: string) => void;
}

/** A way to a server. */
export interface Transport {
  readonly kind: TransportKind;
  readonly open: (events: LinkEvents) => Link;
}

/** RFC 6455: the link ended without a close frame. */
export const ABNORMAL_CLOSE = 1006;
