import { createApi } from '@confab/api';
import type { Clock, NodeRecord, Observer, SessionRegistry } from '@confab/contracts';
import type { DeliveryTier } from '@confab/conversation';
import { type Chat, type ChatPorts, createChat, RateLimits } from '@confab/core';
import { createGateway, type Gateway } from '@confab/gateway';
import type { SeededRandom } from '../../seeded-random.ts';
import { plainPasswords } from '../../plain-passwords.ts';
import type { Clockwork } from '../clockwork.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';
import type { Door } from '../network/door.ts';
import { simulatedTokens } from './simulated-tokens.ts';

/** What a node stands on that others have a part in. */
export type SharedPorts = Pick<
  ChatPorts,
  'log' | 'views' | 'work' | 'cursors' | 'accounts' | 'devices' | 'registry' | 'directory' | 'bus' | 'digest'
>;

export interface NodeOptions {
  readonly record: NodeRecord;
  /** What its clocks and doors go through, so that it can be paused and die. */
  readonly run: SimulatedRun;
  readonly clockwork: Clockwork;
  readonly random: SeededRandom;
  readonly ports: SharedPorts;
  readonly leaveCluster: () => Promise<void>;
  readonly tiers: readonly DeliveryTier[];
  readonly hasRateLimits: boolean;
  readonly accessTokenMs: number;
  readonly observer: Observer;
}

/** How long its connections are given to go elsewhere. */
const DRAIN_MS = 5_000;

/**
 * One run of a node: the real rules, the real gateway and the real HTTP door over simulated surroundings, put together
 * as the server puts them together.
 */
export class SimulatedNode implements Door {
  readonly nodeId: string;
  readonly run: SimulatedRun;
  readonly gateway: Gateway;
  readonly record: NodeRecord;
  readonly registry: SessionRegistry;
  state: 'starting' | 'serving' | 'leaving' | 'dead' = 'starting';
  /** How far its wall clock is from the others'. */
  clockOffsetMs = 0;
  readonly #chat: Chat;
  readonly #clock: Clock;
  readonly #http: Door['http'];
  readonly #leaveCluster: () => Promise<void>;

  constructor(options: NodeOptions) {
    const { record, run, clockwork, random, ports, observer } = options;
    this.nodeId = record.nodeId;
    this.record = record;
    this.run = run;
    this.registry = ports.registry;
    this.#leaveCluster = options.leaveCluster;
    const { clock } = clockwork;
    this.#clock = {
      nowMs: () => Math.floor(clock.nowMs()) + this.clockOffsetMs,
      after: (delayMs, action) => clock.after(delayMs, () => run.reach(action)),
    };
    const rateLimits = new RateLimits(this.#clock, options.hasRateLimits);
    const shared = { clock: this.#clock, random, observer, rateLimits };
    this.#chat = createChat({
      ...ports,
      ...shared,
      node: record,
      passwords: plainPasswords,
      tokens: simulatedTokens(this.#clock),
      registration: 'open',
      accessTokenMs: options.accessTokenMs,
      tiers: options.tiers,
    });
    const origins = { allows: () => true };
    this.gateway = createGateway(
      {
        ...shared,
        chat: this.#chat,
        revokedAmong: (devices) => ports.devices.revokedAmong(devices),
        origins,
        connectKeyOf: (_headers, peerAddress) => peerAddress,
      },
      (action) => clockwork.soon(() => run.reach(action)),
    );
    this.#http = createApi({
      ...shared,
      chat: this.#chat,
      settings: { apiKey: null, origins, trustedProxies: [] },
      extraRoutes: [
        {
          method: 'POST',
          path: '/v1/stream',
          answer: (request, peer) => this.gateway.stream(request, peer),
        },
        {
          method: 'POST',
          path: '/v1/frames',
          answer: (request, peer) => this.gateway.frames(request, peer),
        },
      ],
      site: null,
      newFaultId: () => random.urlSafe(12),
    });
  }

  get isListening(): boolean {
    return this.state === 'serving' || this.state === 'leaving';
  }

  async start(): Promise<void> {
    await this.#chat.start();
    if (this.state === 'starting') this.state = 'serving';
  }

  refusalOf(headers: Headers, peerAddress: string): Response | null {
    return this.gateway.refusalOf(headers, peerAddress);
  }

  connect: Door['connect'] = (transport) => this.gateway.connect(transport);

  http: Door['http'] = async (request, asker) => await this.#http(request, asker);

  /** Stops in good order: gives up what it owns, sends its connections away, finishes what it took. */
  async leave(): Promise<void> {
    this.state = 'leaving';
    await this.#chat.retire();
    await this.gateway.drain({ overMs: DRAIN_MS });
    this.gateway.stop();
    await this.#chat.stop();
    await this.#leaveCluster();
  }
}
