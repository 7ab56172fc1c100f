import type { WebSocketFactory } from '../client-types.ts';

/** The WebSocket of browsers, Bun and newer Node. */
export const openWebSocket: WebSocketFactory = (url, subprotocol) => new WebSocket(url, subprotocol);
