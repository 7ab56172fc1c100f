// The hand-written server on Bun: Bun.serve and bun:sqlite.
import { Database } from 'bun:sqlite';
import { Chat } from './chat.mjs';
import { Connections } from './connections.mjs';
import { Routes } from './routes.mjs';
import { settings } from './settings.mjs';
import { tokenVerifier } from './token.mjs';

const { port, databasePath, apiKey, issuer, commitsInGroups, waitingBytesMax } = settings();
const verify = tokenVerifier(issuer);
const chat = new Chat(new Database(databasePath), { commitsInGroups });
const connections = new Connections(chat, verify);
const routes = new Routes({ chat, connections, verify, apiKey });

const server = Bun.serve({
  hostname: '127.0.0.1',
  port,
  async fetch(request, own) {
    const { method, url, headers } = request;
    if (headers.get('upgrade') === 'websocket') {
      const isUpgraded = own.upgrade(request, {
        data: { connection: null },
        headers: { 'sec-websocket-protocol': 'confab.v1.json' },
      });
      return isUpgraded ? undefined : new Response('', { status: 400 });
    }
    const body = request.body === null ? null : await request.json();
    const authorization = headers.get('authorization');
    const { status, json } = await routes.answer({ method, url, authorization, body });
    return Response.json(json, { status });
  },
  websocket: {
    // Bun's own pings keep connections and end dead ones.
    idleTimeout: 60,
    backpressureLimit: waitingBytesMax,
    closeOnBackpressureLimit: true,
    open(socket) {
      socket.data.connection = connections.opened(socket);
    },
    message(socket, text) {
      connections.received(socket.data.connection, text);
    },
    close(socket) {
      connections.closed(socket.data.connection);
    },
  },
});
console.log(server.url.origin);
