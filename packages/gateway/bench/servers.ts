/** What the benches compare: the gateway over a fake chat, and bare sockets of the runtime. */
import type { ServerWebSocket, Subprocess } from 'bun';
import type { Clock } from '@confab/contracts';
import { RateLimits } from '@confab/core';
import { createGateway } from '../src/gateway.ts';
import { FakeChat } from '../src/testing/fake-chat.ts';
import { startListener } from '../src/ws-listener.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

const ignore = (): void => undefined;

/** One of the two. */
export interface BenchServer {
  readonly port: number;
  /** Sends an event to every socket. */
  broadcast(json: string, sequence: number): void;
  waitingBytes(): number;
  /** Sockets' conversations that were not sent all of it: 0, or the figures mean nothing. */
  behind(): number;
  stop(): Promise<void>;
}

export function startGateway(): BenchServer {
  const chat = new FakeChat();
  let ids = 0;
  const gateway = createGateway({
    chat,
    clock,
    random: { urlSafe: (length) => `${(ids += 1)}`.padStart(length, 'c'), fraction: () => Math.random() },
    observer: {
      messageCommitted: ignore,
      commitRefused: ignore,
      delivered: ignore,
      lossRepaired: ignore,
      requestRefused: ignore,
      connectionOpened: ignore,
      connectionReady: ignore,
      connectionClosed: ignore,
      workFailed: ignore,
      fault: ignore,
    },
    rateLimits: new RateLimits(clock, false),
    revokedAmong: () => Promise.resolve([]),
    origins: { allows: () => true },
    connectKeyOf: (_headers, peerAddress) => peerAddress,
  });
  const listener = startListener({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    requestBodyBytesMax: 1024,
    http: () => new Response(''),
    gateway,
  });
  return {
    port: listener.port,
    broadcast(json, sequence) {
      const event = {
        sequence,
        ordinal: sequence,
        eventId: '',
        sentAt: '',
        senderId: '',
        clientMessageId: '',
        json,
      };
      const shared = { everyone: null, sender: null };
      for (const session of chat.sessions) session.receiveEvent({ ...event, conversationId: 'g' }, shared);
    },
    waitingBytes: () => gateway.stats().outboundBytes,
    behind: () => gateway.stats().behindConversations,
    async stop() {
      gateway.stop();
      await listener.stop();
    },
  };
}

/** The best a loop over the runtime's sockets does: no identity, no bounds, one write for each frame. */
export function startBare(): BenchServer {
  const sockets = new Set<ServerWebSocket>();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response('')),
    websocket: {
      idleTimeout: 0,
      sendPings: false,
      backpressureLimit: 0,
      open: (socket) => void sockets.add(socket),
      message: () => undefined,
    },
  });
  return {
    port: server.port ?? 0,
    broadcast(json) {
      for (const socket of sockets) socket.sendText(json);
    },
    waitingBytes() {
      let bytes = 0;
      for (const socket of sockets) bytes += socket.getBufferedAmount();
      return bytes;
    },
    behind: () => 0,
    stop: () => server.stop(true),
  };
}

/** Starts the other end; resolves when all its sockets are ready. */
export async function startPeers(
  port: number,
  sockets: number,
  mode: 'authenticate' | 'bare',
): Promise<Subprocess> {
  const script = new URL('./peers.ts', import.meta.url).pathname;
  const peers = Bun.spawn([process.execPath, script, `${port}`, `${sockets}`, mode], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const { value } = await peers.stdout.getReader().read();
  if (value === undefined) throw new Error('the peers did not start');
  return peers;
}

export function report(line: Readonly<Record<string, string | number>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
