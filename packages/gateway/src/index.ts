export type { Asker } from './asker.ts';
export type { Connection } from './connection.ts';
export type { EndOfTurn } from './end-of-turn.ts';
export { createGateway, type Gateway, type GatewayOptions, type GatewayStats } from './gateway.ts';
export type { Heartbeat, Transport } from './transport.ts';
export { startListener, type Listener, type ListenerOptions } from './ws-listener.ts';
