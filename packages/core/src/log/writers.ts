import type {
  Clock,
  ConversationLog,
  Digest,
  FoundEvent,
  NodeBus,
  NodeDirectory,
  Observer,
  Random,
  Views,
} from '@confab/contracts';
import { canonicalText, type Command, type ConversationState } from '@confab/conversation';
import { ConfabError } from '@confab/protocol';
import { answerFound, ConversationWriter } from './conversation-writer.ts';
import type { CommandOutcome, Planned, Waiting } from './batch.ts';
import {
  type ForwardedAnswer,
  type ForwardedAnswers,
  type ForwardedCommands,
  Forwarder,
} from './forwarder.ts';
import { Lane, type LanePlace } from './lane.ts';
import { Owners } from './owners.ts';
import { loadState } from './state-loader.ts';

/** Conversations whose state is kept in memory by this node. */
const WRITERS_MAX = 10_000;

export interface WritersOptions {
  readonly nodeId: string;
  readonly log: ConversationLog;
  readonly views: Views;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly observer: Observer;
  readonly onCommitted: (planned: readonly Planned[]) => void;
  /** An earlier event was the answer again: who committed it may not have lived to deliver it. */
  readonly onRepeated: (state: ConversationState, sequence: number) => void;
}

/** Brings each command to its conversation's writer: here, or on the node that owns the conversation. */
export class Writers {
  readonly #options: WritersOptions;
  readonly #owners: Owners;
  readonly #writers = new Map<string, ConversationWriter>();
  /** Conversations with commands on their way to their owner. */
  readonly #forwarders = new Map<string, Forwarder>();
  readonly #stopResponding: () => void;

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#owners = new Owners(options);
    this.#stopResponding = options.bus.respond(options.nodeId, (request) =>
      this.#respond(request as ForwardedCommands),
    );
  }

  /** Takes no more from other nodes, and finishes what was taken. */
  async stop(): Promise<void> {
    this.#stopResponding();
    for (const forwarder of this.#forwarders.values()) await forwarder.settled;
    for (const writer of this.#writers.values()) await writer.settled;
  }

  /**
   * Commits a command, or rejects with the ConfabError that refuses it. In order per conversation and caller, also while
   * the owner changes: as long as commands are on their way to an owner, those that come after go the same way.
   */
  async submit(command: Command, place: LanePlace | null): Promise<CommandOutcome> {
    const { conversationId } = command;
    const forwarder = this.#forwarders.get(conversationId);
    if (forwarder === undefined && this.#owners.otherOwnerOf(conversationId) === null) {
      return await this.#append(command, place);
    }
    return await new Promise((resolve, reject) => {
      const contentHash = this.#contentHash(command);
      (forwarder ?? this.#newForwarder(conversationId)).submit({
        command,
        contentHash,
        place,
        resolve,
        reject,
      });
    });
  }

  #newForwarder(conversationId: string): Forwarder {
    const { bus, clock, random } = this.#options;
    const forwarder = new Forwarder({
      conversationId,
      owners: this.#owners,
      bus,
      clock,
      random,
      writerPassed: () => this.#writers.get(conversationId)?.passed ?? null,
      append: (batch) => this.#appendAll(conversationId, batch),
      answer: (request) => this.#respond(request),
      onIdle: () => this.#forwarders.delete(conversationId),
    });
    this.#forwarders.set(conversationId, forwarder);
    return forwarder;
  }

  /** What an id once made, where it made anything; rejects on another content. */
  async findDuplicate(command: Command): Promise<CommandOutcome | null> {
    const key = { userId: command.actorId, clientMessageId: command.clientMessageId };
    const [found] = await this.#options.log.findByClientIds(command.conversationId, [key]);
    return found === null || found === undefined ? null : await this.#answer(command, found);
  }

  async #answer(command: Command, found: FoundEvent): Promise<CommandOutcome> {
    return await new Promise((resolve, reject) => {
      answerFound({ command, contentHash: this.#contentHash(command), place: null, resolve, reject }, found);
    });
  }

  /** The conversation at its head: as its writer here knows it where that is so new, else as the store has it. */
  async stateOf(conversationId: string): Promise<ConversationState | null> {
    const known = this.#writers.get(conversationId)?.state;
    if (known !== undefined && known !== null) {
      const head = (await this.#options.log.heads([conversationId])).get(conversationId);
      if (head?.eventId === known.head.eventId) return known;
    }
    return await loadState(this.#options.log, this.#options.views, conversationId);
  }

  async #append(command: Command, place: LanePlace | null): Promise<CommandOutcome> {
    const { conversationId } = command;
    const writer = this.#writerOf(conversationId);
    return await new Promise((resolve, reject) => {
      const contentHash = this.#contentHash(command);
      writer.submit({ command, contentHash, place, resolve, reject });
    });
  }

  /** Resolves when all are answered. */
  async #appendAll(conversationId: string, batch: readonly Waiting[]): Promise<void> {
    const writer = this.#writerOf(conversationId);
    for (const waiting of batch) writer.submit(waiting);
    await writer.passed;
  }

  /** Who sends to what does not exist must not push conversations that do out of memory. */
  #forgetEmpty(conversationId: string, writer: ConversationWriter): void {
    if (writer.state === null && this.#writers.get(conversationId) === writer) {
      this.#writers.delete(conversationId);
    }
  }

  #contentHash(command: Command): string {
    return this.#options.digest.sha256Hex(canonicalText(command)).slice(0, 32);
  }

  #writerOf(conversationId: string): ConversationWriter {
    const known = this.#writers.get(conversationId);
    if (known !== undefined) {
      this.#writers.delete(conversationId);
      this.#writers.set(conversationId, known);
      return known;
    }
    const { log, views, clock, random, observer, onCommitted, onRepeated } = this.#options;
    const writer = new ConversationWriter({
      conversationId,
      log,
      views,
      clock,
      random,
      observer,
      onCommitted,
      onRepeated,
      onIdle: () => this.#forgetEmpty(conversationId, writer),
    });
    this.#writers.set(conversationId, writer);
    if (this.#writers.size > WRITERS_MAX) this.#forgetIdle();
    return writer;
  }

  /** Forgets the writer that was used longest ago, unless it is at work. */
  #forgetIdle(): void {
    for (const [conversationId, writer] of this.#writers) {
      if (!writer.isIdle) continue;
      this.#writers.delete(conversationId);
      return;
    }
  }

  /** What another node sends on: appended here, whether or not this node takes itself for the owner. */
  async #respond({ commands }: ForwardedCommands): Promise<ForwardedAnswers> {
    const lanes = new Map<number, Lane>();
    return await Promise.all(
      commands.map(async ({ command, lane: number }) => {
        if (number === null) return await this.#answerForwarded(command, null);
        const lane = lanes.get(number) ?? new Lane();
        lanes.set(number, lane);
        return await this.#answerForwarded(command, lane.enter(command.clientMessageId));
      }),
    );
  }

  async #answerForwarded(command: Command, place: LanePlace | null): Promise<ForwardedAnswer> {
    try {
      return { kind: 'done', ...(await this.#append(command, place)) };
    } catch (error) {
      if (error instanceof ConfabError) return { kind: 'refused', code: error.code, message: error.message };
      throw error;
    }
  }
}
