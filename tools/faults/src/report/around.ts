import type { Attempt, Stream } from '../history.ts';
import { eventAt, type Recorded, type Where } from '../history-checker.ts';
import type { LogEvent } from '../wire.ts';

/** What a person wants to see of a broken place. */
export type Around = {
  readonly where: Where;
  /** The log from a little before to a little after. */
  readonly log: readonly LogRow[];
  /** Every attempt to send the message that it is about. */
  readonly attempts: readonly AttemptRow[];
  /** What each device applied there, in its own order. */
  readonly devices: readonly DeviceRow[];
};

/** `eventId` null: there is nothing under that sequence. */
export type LogRow = {
  readonly sequence: number;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly senderId: string | null;
  readonly isBroken: boolean;
};

export type AttemptRow = {
  readonly clientMessageId: string;
  readonly userId: string;
  readonly connection: string;
  /** Since the first attempt of the history. */
  readonly invokedAtMs: number;
  readonly endedAtMs: number | null;
  readonly outcome: string;
};

export type DeviceRow = {
  readonly device: string;
  readonly steps: readonly string[];
  readonly isBroken: boolean;
};

/** Places shown on each side of the broken one. */
const SIDE = 4;
const DEVICES_MAX = 40;

export function aroundOf({ logs, attempts, streams }: Recorded, where: Where): Around {
  const { conversationId, sequence, clientMessageId, device } = where;
  const events = logs.find((log) => log.conversationId === conversationId)?.events ?? [];
  const startMs = attempts.reduce(
    (first, { invokedAtMs }) => Math.min(first, invokedAtMs),
    Number.POSITIVE_INFINITY,
  );
  const followers = streams
    .filter((stream) => stream.conversationId === conversationId)
    .toSorted((a, b) => Number(b.device === device) - Number(a.device === device));
  return {
    where,
    log: sequence === undefined ? [] : logAround(events, sequence),
    attempts: attempts
      .filter((attempt) => attempt.clientMessageId === clientMessageId || isAt(attempt, where))
      .map((attempt) => attemptRow(attempt, startMs)),
    devices:
      sequence === undefined
        ? []
        : followers
            .slice(0, DEVICES_MAX)
            .map((stream) => deviceRow(stream, sequence, stream.device === device)),
  };
}

function logAround(events: readonly LogEvent[], sequence: number): readonly LogRow[] {
  return numbers(sequence).map((place) => {
    const event = eventAt(events, place);
    return {
      sequence: place,
      eventId: event?.eventId ?? null,
      type: event?.type ?? null,
      senderId: event?.senderId ?? null,
      isBroken: place === sequence,
    };
  });
}

function attemptRow(attempt: Attempt, startMs: number): AttemptRow {
  const { clientMessageId, userId, connection, invokedAtMs, endedAtMs } = attempt;
  return {
    clientMessageId,
    userId,
    connection,
    invokedAtMs: Math.round(invokedAtMs - startMs),
    endedAtMs: endedAtMs === undefined ? null : Math.round(endedAtMs - startMs),
    outcome: sayOutcome(attempt),
  };
}

function sayOutcome({ outcome }: Attempt): string {
  switch (outcome.kind) {
    case 'unknown':
      return 'unknown: the connection went before an answer came';
    case 'accepted':
      return `accepted at ${outcome.sequence} as ${outcome.messageId}${outcome.isDuplicate ? ' (a duplicate)' : ''}`;
    case 'refused':
      return `refused: ${outcome.code}, retry ${outcome.retry}`;
  }
}

/** The steps of a device about a place: events by number, and where its copy began anew. */
function deviceRow({ device, steps }: Stream, sequence: number, isBroken: boolean): DeviceRow {
  const near = steps.flatMap((step, at) =>
    step.kind === 'event' && Math.abs(step.event.sequence - sequence) <= SIDE ? [at] : [],
  );
  const first = near[0] ?? 0;
  const last = near.at(-1) ?? -1;
  const shown = steps.slice(Math.max(0, first - 1), last + 2).map((step) => {
    if (step.kind === 'event') return String(step.event.sequence);
    return step.kind === 'base' ? `begins at ${step.sequence}` : step.kind;
  });
  return { device, steps: shown, isBroken };
}

function isAt({ conversationId, outcome }: Attempt, where: Where): boolean {
  return (
    conversationId === where.conversationId &&
    outcome.kind === 'accepted' &&
    outcome.sequence === where.sequence
  );
}

function numbers(sequence: number): readonly number[] {
  const first = Math.max(1, sequence - SIDE);
  return Array.from({ length: sequence + SIDE - first + 1 }, (_, at) => first + at);
}
