import type { Clock, NodeBus, Random, StoredEvent } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError, type ErrorCode } from '@confab/protocol';
import { refuse, takeFrom, type Waiting } from './batch.ts';
import type { Lane } from './lane.ts';
import type { Owners } from './owners.ts';

const NOTHING = (): void => undefined;
/** Commands in one request, and the characters of their bodies; what waits beyond it goes with the next. */
const BATCH = { commandsMax: 256, charactersMax: 128 * 1024 };
/** Commands that may wait for one conversation's owner. */
const QUEUE_MAX = 10_000;
/** An owner that has not answered by then is passed over; what it was asked is appended here. */
const ANSWER_MS_MAX = 2_000;
/** Full jitter between two tries to decide here what an owner left open. */
const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 2_000;

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
  readonly random: Random;
  /** Resolves when what this node's own writer has taken by now is answered. */
  readonly writerPassed: () => Promise<void> | null;
  /** Hands commands to this node's own writer. */
  readonly append: (waiting: readonly Waiting[]) => Promise<void>;
  /** Does here what an owner would do. */
  readonly answer: (request: ForwardedCommands) => Promise<ForwardedAnswers>;
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

/**
 * Brings the commands of one conversation to the node that owns it: one request at a time, which carries what has come
 * meanwhile, so that the order holds and a slow link costs time and no throughput. Where the owner does not answer, has no
 * store, or is this node by now, its own writer takes them.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #queue: Waiting[] = [];
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
    const { append, conversationId, onIdle, owners, writerPassed } = this.#options;
    while (this.#queue.length > 0) {
      // What was taken here while this node was the owner comes first.
      await writerPassed();
      const batch = takeFrom(this.#queue, BATCH);
      const owner = owners.otherOwnerOf(conversationId);
      if (owner === null) await append(batch);
      else await this.#forward(owner, batch);
    }
    this.#running = null;
    onIdle();
  }

  async #forward(owner: string, batch: readonly Waiting[]): Promise<void> {
    const open = batch.filter((waiting) => !isHeldBack(waiting));
    if (open.length === 0) return;
    const answers = await this.#ask(owner, forwardedOf(open));
    if (answers === null) {
      this.#options.owners.passOver(owner);
      await this.#appendUndecided(open);
      return;
    }
    const unwritten = open.filter((_, index) => isForWantOfStore(answers[index]));
    open.forEach((waiting, index) => {
      if (!isForWantOfStore(answers[index])) settle(waiting, answers[index]);
    });
    if (unwritten.length === 0) return;
    // The owner is there and its store is not: what it says it did not write may be written here at once.
    this.#options.owners.passOver(owner);
    await this.#options.append(unwritten);
  }

  /**
   * What the owner was asked it may still commit, so a refusal of this node's store decides nothing: nobody is told that
   * nothing was written until that is known. The ids find what the owner did.
   */
  async #appendUndecided(open: readonly Waiting[]): Promise<void> {
    const { answer, clock, random } = this.#options;
    for (let left = open, attempt = 0; left.length > 0; attempt += 1) {
      const answers = await answer(forwardedOf(left));
      const undecided = left.filter((_, index) => isForWantOfStore(answers[index]));
      left.forEach((waiting, index) => {
        if (!isForWantOfStore(answers[index])) settle(waiting, answers[index]);
      });
      left = undecided;
      if (left.length === 0) return;
      const capMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** attempt);
      await new Promise<void>((resolve) => void clock.after(capMs * random.fraction(), resolve));
    }
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

/** Refused for want of the store, or for standing behind one that was. */
function isForWantOfStore(answer: ForwardedAnswer | undefined): boolean {
  return answer?.kind === 'refused' && (answer.code === 'unavailable' || answer.code === 'after_previous');
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
