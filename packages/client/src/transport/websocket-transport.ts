import { decodeServerFrame, SUBPROTOCOL } from '@confab/protocol';
import type { WebSocketFactory, WebSocketLike } from '../client-types.ts';
import { ABNORMAL_CLOSE, type Link, type LinkEvents, type Transport } from './transport.ts';

/** Frames over a WebSocket. `url` is the origin of the server with whatever stands in front of `/v1`. */
export function webSocketTransport(url: string, webSocket: WebSocketFactory): Transport {
  const address = `${url.replace(/^http/, 'ws')}/v1/ws`;
  return {
    kind: 'websocket',
    open(events) {
      try {
        return openLink(webSocket(address, SUBPROTOCOL), events);
      } catch {
        // Browsers throw where the page's policy forbids the address.
        queueMicrotask(() => events.closed({ code: ABNORMAL_CLOSE, reason: 'refused here', afterMs: null }));
        return { send: () => undefined, close: () => undefined };
      }
    },
  };
}

function openLink(socket: WebSocketLike, events: LinkEvents): Link {
  let isDone = false;
  let isOpen = false;
  socket.addEventListener('open', () => {
    isOpen = true;
  });
  socket.addEventListener('message', ({ data }) => {
    if (isDone) return;
    const frame = typeof data === 'string' ? decodeServerFrame(data) : null;
    if (frame === null) {
      events.heard();
      return;
    }
    events.frame(frame);
    // The server greets unasked with the upgrade, so waiting for it costs no round trip.
    if (frame.type === 'hello') events.opened();
  });
  socket.addEventListener('close', ({ code, reason }) => {
    if (isDone) return;
    isDone = true;
    events.closed({ code, reason, afterMs: null });
  });
  // Every error is followed by a close, which says as much; unheard, some platforms would end the process.
  socket.addEventListener('error', () => undefined);
  return {
    send(frame) {
      if (isOpen && !isDone) socket.send(JSON.stringify(frame));
    },
    close(code, reason) {
      if (isDone) return;
      isDone = true;
      socket.close(code, reason);
    },
  };
}
