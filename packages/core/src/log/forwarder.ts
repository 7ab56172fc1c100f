import type { Clock, NodeBus, StoredEvent } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError, type ErrorCode } from '@confab/protocol';
import { refuse, type Waiting } from './batch.ts';
import type { Lane } from './lane.ts';
import type { Owners } from './owners.ts';

const NOTHING = (): void => undefined;
/** Commands in one request, and the characters of their bodies; what waits beyond it goes with the next. */
const COMMANDS_MAX = 256;
const CHARACTERS_MAX = 128 * 1024;
/** Commands that may wait for one conversation's owner. */
const QUEUE_MAX = 10_000;
/** An owner that has not answered by then is passed over; what it was asked is appended here. */
const ANSWER_MS_MAX = 2_000;

/** Commands for the owner of their conversation, in the order they came. */
export interface ForwardedCommands {
  readonly kind: 'append';
  readonly commands: readonly {
    readonly command: Command;
    /** Commands of one lane have the same number; null where it stands in none. */
    readonly lane: number | null;
  }[];
}

/** One answer for each command, in order. */
export type ForwardedAnswers = readonly ForwardedAnswer[];

export type ForwardedAnswer =
  | { readonly kind: 'done'; readonly event: StoredEvent | null; readonly duplicate: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

export interface ForwarderOptions {
  readonly conversationId: string;
  readonly owners: Owners;
  readonly bus: NodeBus;
  readonly clock: Clock;
  /** Resolves when what this node's own writer has taken is answered. */
  readonly writerSettled: () => Promise<void> | null;
  /** Hands commands to this node's own writer. */
  readonly append: (waiting: readonly Waiting[]) => Promise<void>;
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

/**
 * Brings the commands of one conversation to the node that owns it: one request at a time, which carries what has come
 * meanwhile, so that the order holds and a slow link costs time and no throughput. Where the owner does not answer, or
 * is this node by now, its own writer takes them.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Resolves when nothing waits any more; null where nothing does. Never rejects. */
  get settled(): Promise<void> | null {
    return this.#running;
  }

  /** Takes a command into the queue; they leave in the order of these calls. */
  submit(waiting: Waiting): void {
    if (this.#queue.length >= QUEUE_MAX) {
      refuse(waiting, 'unavailable', 'Too many sends wait for this conversation.');
      return;
    }
    this.#queue.push(waiting);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { append, conversationId, onIdle, owners, writerSettled } = this.#options;
    while (this.#queue.length > 0) {
      // What was taken here while this node was the owner comes first.
      await writerSettled();
      const batch = this.#takeBatch();
      const owner = owners.otherOwnerOf(conversationId);
      if (owner === null) await append(batch);
      else await this.#forward(owner, batch);
    }
    this.#running = null;
    onIdle();
  }

  #takeBatch(): readonly Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { command } of this.#queue) {
      characters += command.verb === 'send_message' ? command.body.length : 1_000;
      if (count === COMMANDS_MAX || (count > 0 && characters > CHARACTERS_MAX)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #forward(owner: string, batch: readonly Waiting[]): Promise<void> {
    const open = batch.filter((waiting) => !isHeldBack(waiting));
    if (open.length === 0) return;
    const { append, owners } = this.#options;
    const answers = await this.#ask(owner, forwardedOf(open));
    if (answers === null) {
      owners.passOver(owner);
      return await append(open);
    }
    open.forEach((waiting, index) => settle(waiting, answers[index]));
  }

  /** The owner's answers, or null where it gave none in time. */
  async #ask(owner: string, request: ForwardedCommands): Promise<ForwardedAnswers | null> {
    const { bus, clock } = this.#options;
    let cancel = NOTHING;
    const late = new Promise<null>((resolve) => {
      cancel = clock.after(ANSWER_MS_MAX, () => resolve(null));
    });
    try {
      const answer = bus.request(owner, request).catch(() => null);
      const answers = (await Promise.race([answer, late])) as ForwardedAnswers | null;
      return answers?.length === request.commands.length ? answers : null;
    } finally {
      cancel();
    }
  }
}

function isHeldBack(waiting: Waiting): boolean {
  if (waiting.place?.lane.holdsBack(waiting.place) !== true) return false;
  waiting.reject(new ConfabError('after_previous'));
  return true;
}

function forwardedOf(batch: readonly Waiting[]): ForwardedCommands {
  const numbers = new Map<Lane, number>();
  const commands = batch.map(({ command, place }) => {
    if (place === null) return { command, lane: null };
    const lane = numbers.get(place.lane) ?? numbers.size;
    numbers.set(place.lane, lane);
    return { command, lane };
  });
  return { kind: 'append', commands };
}

function settle(waiting: Waiting, answer: ForwardedAnswer | undefined): void {
  if (answer === undefined) refuse(waiting, 'unavailable');
  else if (answer.kind === 'refused') refuse(waiting, answer.code, answer.message);
  else waiting.resolve({ event: answer.event, duplicate: answer.duplicate });
}
