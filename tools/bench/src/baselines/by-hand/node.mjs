// The hand-written server on Node: node:http, `ws` and better-sqlite3.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Chat } from './chat.mjs';
import { Connections } from './connections.mjs';
import { Routes } from './routes.mjs';
import { settings } from './settings.mjs';
import { tokenVerifier } from './token.mjs';

const PING_INTERVAL_MS = 30_000;

// Its two packages are no part of this repository: they stand where the bench has installed them.
const load = createRequire(`${process.env.BY_HAND_PACKAGES}/`);
const Database = load('better-sqlite3');
const { WebSocketServer } = load('ws');

const { port, databasePath, apiKey, issuer, commitsInGroups, waitingBytesMax } = settings();
const verify = tokenVerifier(issuer);
const chat = new Chat(new Database(databasePath), { commitsInGroups });
const connections = new Connections(chat, verify);
const routes = new Routes({ chat, connections, verify, apiKey });

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => void answer(request, Buffer.concat(chunks), response));
});

async function answer(request, bytes, response) {
  const { method, url } = request;
  const body = bytes.length === 0 ? null : JSON.parse(bytes.toString());
  const { authorization } = request.headers;
  const { status, json } = await routes.answer({ method, url, authorization, body });
  const text = JSON.stringify(json);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 256 * 1024 });
sockets.on('connection', (socket) => {
  const bounded = {
    send(text) {
      socket.send(text);
      if (socket.bufferedAmount > waitingBytesMax) socket.terminate();
    },
  };
  const connection = connections.opened(bounded);
  socket.isAlive = true;
  socket.on('pong', () => (socket.isAlive = true));
  socket.on('message', (bytes) => connections.received(connection, bytes.toString('utf8')));
  socket.on('close', () => connections.closed(connection));
  socket.on('error', () => socket.terminate());
});

setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.isAlive) socket.terminate();
    else socket.ping();
    socket.isAlive = false;
  }
}, PING_INTERVAL_MS);

server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
