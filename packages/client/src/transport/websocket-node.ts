import { WebSocket } from 'ws';
import type { WebSocketFactory } from '../client-types.ts';

/** The WebSocket of Node 20, which has none of its own. */
export const openWebSocket: WebSocketFactory = (url, subprotocol) => {
  return new WebSocket(url, subprotocol, { perMessageDeflate: false, handshakeTimeout: 15_000 });
};
