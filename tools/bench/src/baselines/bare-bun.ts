// The limit of the sockets: Bun's WebSocket server with nothing behind it. It takes anybody's `authenticate`, sends a
// `send_message` back as it came, or to everybody where its conversation is `all`, and keeps nothing.
const AUTHENTICATE = '{"type":"authenticate"';
const TO_ALL = '{"type":"send_message","conversationId":"all"';
const HELLO = JSON.stringify({ type: 'hello', protocol: 1, connectionId: 'c', heartbeatIntervalMs: 25_000 });
const READY = JSON.stringify({ type: 'ready', userId: 'u', deviceId: 'd', landed: [] });
const CAUGHT_UP = JSON.stringify({ type: 'caught_up' });

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env['CONFAB_PORT'] ?? '0'),
  fetch(request, own) {
    const isUpgraded = own.upgrade(request, { headers: { 'sec-websocket-protocol': 'confab.v1.json' } });
    return isUpgraded ? undefined : new Response('');
  },
  websocket: {
    perMessageDeflate: false,
    backpressureLimit: 0,
    idleTimeout: 0,
    sendPings: false,
    open(socket) {
      socket.subscribe('all');
      socket.sendText(HELLO);
    },
    message(socket, text) {
      if (typeof text !== 'string') return;
      if (text.startsWith(TO_ALL)) {
        server.publish('all', text);
      } else if (text.startsWith(AUTHENTICATE)) {
        socket.sendText(READY);
        socket.sendText(CAUGHT_UP);
      } else {
        socket.sendText(text);
      }
    },
  },
});
console.log(server.url.origin);
