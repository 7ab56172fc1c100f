import type { CommitRequest, NewEvent, StoredEvent, ViewPut, WorkItem } from '@confab/contracts';
import {
  apply,
  type Command,
  type ConversationState,
  type DecisionContext,
  decide,
  type Refusal,
} from '@confab/conversation';
import { ConfabError, type ErrorCode, errorTable } from '@confab/protocol';
import type { LanePlace } from './lane.ts';
import { encodeEvent } from './event-codec.ts';
import { viewPutsOf } from './view-puts.ts';
import { workItemsOf } from './work-items.ts';

/** A command that waits for its conversation's writer. */
export interface Waiting {
  readonly command: Command;
  /** Hash of the command's canonical text. */
  readonly contentHash: string;
  readonly place: LanePlace | null;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Refuses a command, and notes in its lane that it may come again. */
export function refuse(waiting: Waiting, code: ErrorCode, message?: string): void {
  if (errorTable[code].retry !== 'never' && waiting.place !== null) waiting.place.lane.refuse(waiting.place);
  waiting.reject(new ConfabError(code, message));
}

/** Takes the first commands of a queue: up to so many, and so many characters of bodies, but at least one. */
export function takeFrom(
  queue: Waiting[],
  { commandsMax, charactersMax }: { readonly commandsMax: number; readonly charactersMax: number },
): Waiting[] {
  let characters = 0;
  let count = 0;
  for (const { command } of queue) {
    characters += command.verb === 'send_message' ? command.body.length : 1_000;
    if (count === commandsMax || (count > 0 && characters > charactersMax)) break;
    count += 1;
  }
  return queue.splice(0, count);
}

/** How a command ended where it was not refused; `event` is null where nothing had to change. */
export interface CommandOutcome {
  readonly event: StoredEvent | null;
  readonly duplicate: boolean;
}

/** An event of the batch, who asked for it, and the conversation as it is right after it. */
export interface Planned {
  readonly waiting: Waiting;
  readonly event: NewEvent;
  readonly state: ConversationState;
  /** Who became a member by this event. */
  readonly joined: readonly string[];
  /** Whom it made leave; they get it and nothing after it. */
  readonly departed: readonly string[];
  /** Whether the event left work to do. */
  readonly hasWork: boolean;
}

/** What the commands of one batch come to, decided one upon the other. */
export interface BatchPlan {
  readonly planned: readonly Planned[];
  readonly refused: readonly { readonly waiting: Waiting; readonly refusal: Refusal }[];
  readonly idle: readonly Waiting[];
  /** Commands with the same id as an earlier one of the batch; they are decided once that one is committed. */
  readonly repeated: readonly Waiting[];
  readonly commit: CommitRequest | null;
}

interface PlanInputs {
  readonly conversationId: string;
  readonly state: ConversationState | null;
  readonly batch: readonly Waiting[];
  readonly nowMs: number;
  readonly contextOf: () => DecisionContext;
}

/** Decides a batch against the state at its head. Pure but for the contexts it is given and what lanes note. */
export function planBatch(inputs: PlanInputs): BatchPlan {
  const planned: Planned[] = [];
  const refused: { waiting: Waiting; refusal: Refusal }[] = [];
  const idle: Waiting[] = [];
  const repeated: Waiting[] = [];
  const views = new Map<string, ViewPut>();
  const work: WorkItem[] = [];
  const seen = new Set<string>();
  let state = inputs.state;
  for (const waiting of inputs.batch) {
    const { command } = waiting;
    const key = `${command.actorId} ${command.clientMessageId}`;
    if (seen.has(key)) {
      repeated.push(waiting);
      continue;
    }
    if (waiting.place?.lane.holdsBack(waiting.place) === true) {
      refused.push({ waiting, refusal: { code: 'after_previous' } });
      continue;
    }
    const decision = decide(state, command, inputs.contextOf());
    if (decision.kind === 'refused') refused.push({ waiting, refusal: decision.refusal });
    else if (decision.kind === 'nothing') idle.push(waiting);
    else {
      seen.add(key);
      const before = state;
      state = apply(state, decision.event);
      for (const put of viewPutsOf(before, state, decision.event)) {
        views.set(`${put.view} ${put.partition} ${put.key}`, put);
      }
      const items = workItemsOf(state, decision.event, inputs.nowMs);
      work.push(...items);
      const event = { ...encodeEvent(decision.event), contentHash: waiting.contentHash };
      const changes = { joined: membersMissing(state, before), departed: membersMissing(before, state) };
      planned.push({ waiting, event, state, ...changes, hasWork: items.length > 0 });
    }
  }
  const commit = commitOf(inputs, { state, planned, views: [...views.values()], work });
  return { planned, refused, idle, repeated, commit };
}

/** Members of one state that are none in another; nearly always the two share their members. */
function membersMissing(from: ConversationState | null, others: ConversationState | null): readonly string[] {
  if (from === null || from.members === others?.members) return [];
  return [...from.members.keys()].filter((userId) => others?.members.has(userId) !== true);
}

function commitOf(
  inputs: PlanInputs,
  result: {
    readonly state: ConversationState | null;
    readonly planned: readonly Planned[];
    readonly views: readonly ViewPut[];
    readonly work: readonly WorkItem[];
  },
): CommitRequest | null {
  if (result.planned.length === 0 || result.state === null) return null;
  return {
    conversationId: inputs.conversationId,
    expectedHead: inputs.state?.head.sequence ?? 0,
    events: result.planned.map((item) => item.event),
    head: result.state.head,
    views: result.views,
    work: result.work,
  };
}
