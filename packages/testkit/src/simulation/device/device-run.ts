import { ChatError, type ChatClient } from '@confab/client';
import type { LogEvent } from '@confab/protocol';
import type { History } from '../history.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';
import { TimelineWitness } from './timeline-witness.ts';

interface DeviceRunOptions {
  readonly deviceName: string;
  readonly userId: string;
  readonly run: SimulatedRun;
  readonly client: ChatClient;
  readonly history: History;
}

/** One run of the app on a device: the SDK, what its user does with it, and what it shows. */
export class DeviceRun {
  readonly run: SimulatedRun;
  readonly client: ChatClient;
  readonly #options: DeviceRunOptions;
  readonly #history: History;
  readonly #open = new Map<string, TimelineWitness>();
  readonly #rosters = new Map<string, () => void>();
  /** The last event applied of each conversation. */
  readonly #applied = new Map<string, LogEvent>();

  constructor(options: DeviceRunOptions) {
    const { run, client, history } = options;
    this.#options = options;
    this.run = run;
    this.client = client;
    this.#history = history;
    client.on('event', (event) => this.#apply(event));
    client.on('acknowledged', (fact) => this.#acknowledged(fact));
    client.on('conversation_removed', ({ conversationId }) => void this.#applied.delete(conversationId));
    client.on('send_failed', ({ pending, error }) => {
      const sent = history.ofBody(pending.body);
      if (sent !== null) sent.failed = error.code;
    });
  }

  get isLive(): boolean {
    return this.client.connection.state.get().kind === 'live';
  }

  /** Conversations it knows, in the order of its list. */
  get conversationIds(): readonly string[] {
    return this.client.conversations.get().items.map(({ conversationId }) => conversationId);
  }

  get openTimelines(): readonly string[] {
    return [...this.#open.keys()];
  }

  open(conversationId: string): void {
    if (this.#open.has(conversationId)) return;
    this.#open.set(
      conversationId,
      new TimelineWitness(this.client, conversationId, this.#options.deviceName, this.#history),
    );
  }

  close(conversationId: string): void {
    this.#open.get(conversationId)?.close();
    this.#open.delete(conversationId);
  }

  /** Keeps the list of members on the screen from here on. */
  lookAtMembers(conversationId: string): void {
    if (this.#rosters.has(conversationId)) return;
    const members = this.client.conversations.members(conversationId);
    this.#rosters.set(
      conversationId,
      members.subscribe(() => undefined),
    );
  }

  get openRosters(): readonly string[] {
    return [...this.#rosters.keys()];
  }

  /** The process ends as it stands. */
  die(): void {
    this.run.crash();
  }

  async quit(): Promise<void> {
    for (const conversationId of this.openTimelines) this.close(conversationId);
    for (const close of this.#rosters.values()) close();
    await this.client.close();
  }

  #apply(event: LogEvent): void {
    const { conversationId, sequence } = event;
    const before = this.#applied.get(conversationId);
    this.#applied.set(conversationId, event);
    if (before === undefined || before.sequence + 1 === sequence) return;
    const { deviceName, userId } = this.#options;
    this.#history.leaps.push({ deviceName, userId, conversationId, from: before.sequence, to: sequence });
  }

  #acknowledged({
    conversationId,
    clientMessageId,
    messageId,
    sequence,
  }: {
    readonly conversationId: string;
    readonly clientMessageId: string;
    readonly messageId: string;
    readonly sequence: number;
  }): void {
    this.#history.promise({ conversationId, clientMessageId, messageId, sequence });
  }
}

/** Whether an error is one that the SDK may give. Anything else is a fault of its code. */
export function isExpected(error: unknown): boolean {
  return error instanceof ChatError && error.code !== 'unexpected' && error.code !== 'internal';
}
