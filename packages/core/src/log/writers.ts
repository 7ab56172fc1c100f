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
import { ConfabError, type ErrorCode, errorTable } from '@confab/protocol';
import { answerFound, ConversationWriter } from './conversation-writer.ts';
import type { CommandOutcome, Planned } from './batch.ts';
import type { LanePlace } from './lane.ts';
import { ownerOf } from './ownership.ts';
import { loadState } from './state-loader.ts';

const NOTHING = (): void => undefined;
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
}

interface ForwardedCommand {
  readonly kind: 'append';
  readonly command: Command;
}

type ForwardedAnswer =
  | { readonly kind: 'done'; readonly outcome: CommandOutcome }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

/** Brings each command to its conversation's writer: here, or on the node that owns the conversation. */
export class Writers {
  readonly #options: WritersOptions;
  readonly #writers = new Map<string, ConversationWriter>();
  /** The last command of each conversation that is not on its way yet, so that they leave in the order they came. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #stopResponding: () => void;

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#stopResponding = options.bus.respond(options.nodeId, (request) =>
      this.#respond(request as ForwardedCommand),
    );
  }

  /** Takes no more from other nodes, and finishes what was taken. */
  async stop(): Promise<void> {
    this.#stopResponding();
    for (const writer of this.#writers.values()) await writer.settled;
  }

  /**
   * Commits a command, or rejects with the ConfabError that refuses it. In order per conversation and caller, also while
   * the owner changes: what goes another way than the one before waits for that one.
   */
  async submit(command: Command, place: LanePlace | null): Promise<CommandOutcome> {
    const { conversationId } = command;
    const before = this.#turns.get(conversationId);
    if (before === undefined && this.#otherOwnerOf(conversationId) === null)
      return await this.#append(command, place);
    let passOn = NOTHING;
    const turn = new Promise<void>((resolve) => {
      passOn = resolve;
    });
    this.#turns.set(conversationId, turn);
    const pass = (): void => {
      if (this.#turns.get(conversationId) === turn) this.#turns.delete(conversationId);
      passOn();
    };
    try {
      await before;
      const owner = this.#otherOwnerOf(conversationId);
      if (owner !== null) return await this.#forward(owner, command, place);
      const answer = this.#append(command, place);
      pass();
      return await answer;
    } finally {
      pass();
    }
  }

  /** The node that should write a conversation, or null where it is this one. */
  #otherOwnerOf(conversationId: string): string | null {
    const owner = ownerOf(conversationId, this.#options.directory.live(), this.#options.digest);
    return owner === this.#options.nodeId ? null : owner;
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
    try {
      return await new Promise((resolve, reject) => {
        const contentHash = this.#contentHash(command);
        writer.submit({ command, contentHash, place, resolve, reject });
      });
    } finally {
      // Who sends to what does not exist must not push conversations that do out of memory.
      if (writer.state === null && writer.isIdle && this.#writers.get(conversationId) === writer) {
        this.#writers.delete(conversationId);
      }
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
    const { log, views, clock, random, observer, onCommitted } = this.#options;
    const writer = new ConversationWriter({
      conversationId,
      log,
      views,
      clock,
      random,
      observer,
      onCommitted,
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

  async #forward(owner: string, command: Command, place: LanePlace | null): Promise<CommandOutcome> {
    // What was taken here while this node was the owner comes first.
    await this.#writers.get(command.conversationId)?.settled;
    if (place?.lane.holdsBack(place) === true) throw new ConfabError('after_previous');
    let answer: ForwardedAnswer;
    try {
      const request: ForwardedCommand = { kind: 'append', command };
      answer = (await this.#options.bus.request(owner, request)) as ForwardedAnswer;
    } catch {
      return await this.#append(command, place);
    }
    if (answer.kind === 'done') return answer.outcome;
    if (errorTable[answer.code].retry !== 'never' && place !== null) place.lane.refuse(place);
    throw new ConfabError(answer.code, answer.message);
  }

  async #respond(request: ForwardedCommand): Promise<ForwardedAnswer> {
    try {
      return { kind: 'done', outcome: await this.#append(request.command, null) };
    } catch (error) {
      if (error instanceof ConfabError) return { kind: 'refused', code: error.code, message: error.message };
      throw error;
    }
  }
}
