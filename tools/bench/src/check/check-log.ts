import type { Evidence } from '../load/evidence.ts';
import type { Target } from '../servers/target.ts';
import { EMPTY_FINGERPRINT, NO_NUMBER, withEvent } from './fingerprint.ts';
import { type ReadBack, readLogs } from './read-back.ts';

const SENTENCES_MAX = 10;

type Logs = ReadonlyMap<string, ReadBack>;

/** Reads the logs back from the server and checks what load processes saw against them. */
export async function checkLogs(target: Target, all: readonly Evidence[]): Promise<readonly string[]> {
  return breachesIn(all, await readLogs(target, all));
}

/**
 * A sentence for each promise that was broken, by the rules of the fault suite's checker: a log has no hole and no message
 * twice; what was acknowledged stands at its sequence; what one lane sent stands in that order, and what was acknowledged
 * before another was sent stands before it; every reader has read the log from where it came in to its end, in order.
 * Deliveries are not kept but counted into fingerprints, since a bench has millions of them. Membership and unread counts
 * are for the fault suite alone.
 */
export function breachesIn(all: readonly Evidence[], logs: Logs): readonly string[] {
  const broken = [...all.flatMap(lossesIn), ...[...logs.values()].flatMap(holesIn)];
  for (const evidence of all) {
    checkSaid(evidence, logs, broken);
    checkReadings(evidence, logs, broken);
  }
  if (broken.length <= SENTENCES_MAX) return broken;
  return [...broken.slice(0, SENTENCES_MAX), `and ${broken.length - SENTENCES_MAX} more`];
}

function lossesIn({ lost }: Evidence): readonly string[] {
  return Object.entries(lost).map(([code, count]) => `${count} connections were ended with ${code}`);
}

function holesIn({ conversationId, sequences }: ReadBack): readonly string[] {
  const at = sequences.findIndex((sequence, index) => sequence !== index + 1);
  if (at < 0) return [];
  return [`${conversationId}: ${sequences[at]} follows ${sequences[at - 1] ?? 0} in the log`];
}

function checkSaid(evidence: Evidence, logs: Logs, broken: string[]): void {
  const { said, conversationIds } = evidence;
  const places = new Int32Array(said.lanes.length);
  for (const id of conversationIds) checkOrder(evidence, logs.get(id), { places, broken });
  let unanswered = 0;
  said.sequences.forEach((sequence, at) => {
    if (said.acceptedUs[at] === 0) unanswered += 1;
    else if (places[at] !== sequence)
      broken.push(`message ${said.firstNumber + at} was accepted at ${sequence} and stands at ${places[at]}`);
  });
  if (unanswered > 0) broken.push(`${unanswered} messages were never answered`);
}

/** Goes through a log from its end: `places` gets where each message of this process stands. */
function checkOrder(
  { said, laneConversations, conversationIds }: Evidence,
  log: ReadBack | undefined,
  { places, broken }: { readonly places: Int32Array; readonly broken: string[] },
): void {
  if (log === undefined) return;
  const { conversationId, numbers } = log;
  const nextOfLane = new Map<number, number>();
  let acceptedFirstUs = Number.POSITIVE_INFINITY;
  for (let sequence = numbers.length; sequence > 0; sequence -= 1) {
    const at = valueAt(numbers, sequence - 1) - said.firstNumber;
    if (at < 0 || at >= places.length) continue;
    const name = (): string => `${conversationId}: message ${said.firstNumber + at} at ${sequence}`;
    const lane = valueAt(said.lanes, at);
    if (conversationIds[valueAt(laneConversations, lane)] !== conversationId)
      broken.push(`${name()} was sent into another conversation`);
    if (places[at] !== 0) broken.push(`${name()} stands in the log twice`);
    places[at] = sequence;
    if (at > (nextOfLane.get(lane) ?? Number.POSITIVE_INFINITY))
      broken.push(`${name()} was sent after what follows it on its lane`);
    nextOfLane.set(lane, at);
    if (valueAt(said.sentUs, at) > acceptedFirstUs)
      broken.push(`${name()} was sent after something behind it had been accepted`);
    const acceptedUs = valueAt(said.acceptedUs, at);
    if (acceptedUs > 0) acceptedFirstUs = Math.min(acceptedFirstUs, acceptedUs);
  }
}

function checkReadings({ readings, conversationIds }: Evidence, logs: Logs, broken: string[]): void {
  const expected = new Map<string, number>();
  readings.conversations.forEach((conversation, at) => {
    const conversationId = conversationIds[conversation] ?? '';
    const numbers = logs.get(conversationId)?.numbers ?? [];
    const base = readings.bases[at] ?? 0;
    const last = readings.lasts[at] ?? 0;
    if (last !== numbers.length) {
      broken.push(`${conversationId}: a reader reached ${last} of ${numbers.length}`);
      return;
    }
    const key = `${conversationId} ${base}`;
    const right = expected.get(key) ?? fingerprintOf(numbers, base);
    expected.set(key, right);
    if (readings.fingerprints[at] !== right)
      broken.push(`${conversationId}: a reader from ${base} on read something else than the log`);
  });
}

function fingerprintOf(numbers: readonly number[], base: number): number {
  let fingerprint = EMPTY_FINGERPRINT;
  for (let sequence = base + 1; sequence <= numbers.length; sequence += 1)
    fingerprint = withEvent(fingerprint, sequence, numbers[sequence - 1] ?? NO_NUMBER);
  return fingerprint;
}

/** Of a place that is there. */
function valueAt(values: ArrayLike<number>, at: number): number {
  return values[at] ?? Number.NaN;
}
