export type { Asker } from './asker.ts';
export { createGateway, type Gateway, type GatewayOptions, type GatewayStats } from './gateway.ts';
export { startListener, type Listener, type ListenerOptions } from './ws-listener.ts';
