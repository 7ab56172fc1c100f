// A bare WebSocket server to compare with: it says hello, echoes, and repeats to all what begins with "all".
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, own) {
    return own.upgrade(request) ? undefined : new Response('bare');
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      socket.subscribe('all');
      socket.send('{"type":"hello"}');
    },
    message(socket, text) {
      if (typeof text === 'string' && text.startsWith('all')) server.publish('all', text);
      else socket.send(text);
    },
  },
});
console.log(server.url.origin);
