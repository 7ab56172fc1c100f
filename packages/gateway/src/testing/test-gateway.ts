import type { Observer } from '@confab/contracts';
import { RateLimits } from '@confab/core';
import { createGateway, type Gateway } from '../gateway.ts';
import { FakeChat } from './fake-chat.ts';
import { FakeTransport } from './fake-transport.ts';
import { ManualClock, settled } from './manual-clock.ts';

/** No Origin, which is no browser, and one page. */
const ALLOWED = new Set([null, 'https://chat.example.org']);

/** A gateway over a fake chat and a clock that the test moves. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly chat: FakeChat;
  readonly clock: ManualClock;
  /** What the observer was told, by name. */
  readonly seen: Map<string, unknown[]>;
  readonly revoked: { userId: string; deviceId: string }[];
  /** Opens a connection that has said nothing. */
  readonly open: () => FakeTransport;
  /** Opens a connection and authenticates it as a user's device; resolves when it is live or was refused. */
  readonly join: (userId: string, deviceId: string, instanceId?: string) => Promise<FakeTransport>;
}

export function testGateway({ isLimited = false } = {}): TestGateway {
  const chat = new FakeChat();
  const clock = new ManualClock();
  const seen = new Map<string, unknown[]>();
  const revoked: { userId: string; deviceId: string }[] = [];
  let ids = 0;
  const gateway = createGateway({
    chat,
    clock,
    random: { urlSafe: (length) => `connection${(ids += 1)}`.padEnd(length, '_'), fraction: () => 0.5 },
    observer: recorder(seen),
    rateLimits: new RateLimits(clock, isLimited),
    revokedAmong: (devices) =>
      Promise.resolve(devices.filter((one) => revoked.some((other) => other.deviceId === one.deviceId))),
    origins: { allows: (headers) => ALLOWED.has(headers.get('origin')) },
    connectKeyOf: (headers, peerAddress) => headers.get('x-forwarded-for') ?? peerAddress,
  });
  const open = (): FakeTransport => {
    const transport = new FakeTransport();
    transport.connection = gateway.connect(transport);
    return transport;
  };
  const join = async (userId: string, deviceId: string, instanceId = 'instance'): Promise<FakeTransport> => {
    const transport = open();
    transport.say(authenticateFrame(userId, deviceId, instanceId));
    await settled();
    return transport;
  };
  return { gateway, chat, clock, seen, revoked, open, join };
}

export function authenticateFrame(
  userId: string,
  deviceId: string,
  instanceId = 'instance',
): Record<string, unknown> {
  return { type: 'authenticate', token: `${userId}.${deviceId}`, deviceId, instanceId, client: 'test/1' };
}

export function sendFrame(conversationId: string, number: number, ref?: string): Record<string, unknown> {
  const clientMessageId = `m${number}`.padEnd(22, '_');
  return {
    type: 'send_message',
    conversationId,
    clientMessageId,
    body: `body ${number}`,
    ...(ref === undefined ? {} : { ref }),
  };
}

/** An observer that writes down what it is told, by name. */
export function recorder(seen: Map<string, unknown[]>): Observer {
  const note = (name: string) => (event: unknown) => void seen.set(name, [...(seen.get(name) ?? []), event]);
  return {
    messageCommitted: note('messageCommitted'),
    commitRefused: note('commitRefused'),
    delivered: note('delivered'),
    lossRepaired: note('lossRepaired'),
    requestRefused: note('requestRefused'),
    connectionOpened: note('connectionOpened'),
    connectionReady: note('connectionReady'),
    connectionClosed: note('connectionClosed'),
    workFailed: note('workFailed'),
    fault: note('fault'),
  };
}
