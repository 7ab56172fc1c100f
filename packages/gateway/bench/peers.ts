/**
 * The other end of the benches, as a process of its own: opens sockets, authenticates where it is told to, reads.
 * Says `ready` when all are. Arguments: port, sockets, `authenticate` or `bare`, first user number.
 */
import { connect, type Socket } from 'bun';
import { authenticateFrame } from '../src/testing/test-gateway.ts';

const [port = 0, sockets = 0] = process.argv.slice(2, 4).map(Number);
const isAuthenticating = process.argv[4] === 'authenticate';
const OPENING_AT_ONCE = 50;

interface Peer {
  readonly number: number;
  readonly resolve: () => void;
  isUpgraded: boolean;
  isReady: boolean;
}

function maskedText(frame: Record<string, unknown>): Buffer {
  const payload = Buffer.from(JSON.stringify(frame));
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

function onBytes(socket: Socket<Peer>, bytes: Buffer): void {
  const peer = socket.data;
  if (peer.isReady) return;
  if (!peer.isUpgraded) {
    peer.isUpgraded = true;
    if (isAuthenticating)
      socket.write(maskedText(authenticateFrame(`u${peer.number}`.padEnd(23, 'a'), 'device', 'tab')));
  }
  peer.isReady = !isAuthenticating || bytes.includes('caught_up');
  if (peer.isReady) peer.resolve();
}

async function open(number: number): Promise<void> {
  await new Promise<void>((resolve) => {
    void connect<Peer>({
      hostname: '127.0.0.1',
      port,
      data: { number, resolve, isUpgraded: false, isReady: false },
      socket: {
        open(socket) {
          socket.write(
            `GET /v1/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
              `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: confab.v1.json\r\n` +
              `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
          );
        },
        data: onBytes,
      },
    });
  });
}

for (let from = 0; from < sockets; from += OPENING_AT_ONCE) {
  const count = Math.min(OPENING_AT_ONCE, sockets - from);
  await Promise.all(Array.from({ length: count }, (_, index) => open(from + index)));
}
process.stdout.write('ready\n');
