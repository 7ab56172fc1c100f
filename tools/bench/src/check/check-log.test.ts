import { describe, expect, test } from 'bun:test';
import type { Evidence } from '../load/evidence.ts';
import { breachesIn } from './check-log.ts';
import { EMPTY_FINGERPRINT, NO_NUMBER, withEvent } from './fingerprint.ts';
import type { ReadBack } from './read-back.ts';

const FIRST = 100_000_000;
const A = FIRST;
const B = FIRST + 1;
const C = FIRST + 2;

type Heard = { readonly base: number; readonly numbers: readonly number[] };

/** A log of one conversation: the event that made it, then these messages. */
function logOf(numbers: readonly number[]): ReadBack {
  const all = [NO_NUMBER, ...numbers];
  return { conversationId: 'g1', sequences: all.map((_, at) => at + 1), numbers: all };
}

/** Three messages on one lane, one after the other, and what a reader from sequence 1 on heard. */
function evidenceOf(
  changes: Partial<Evidence['said']> = {},
  heard: Heard = { base: 1, numbers: [A, B, C] },
): Evidence {
  const fingerprint = heard.numbers.reduce(
    (so, number, at) => withEvent(so, heard.base + 1 + at, number),
    EMPTY_FINGERPRINT,
  );
  return {
    conversationIds: ['g1'],
    conversationReaders: ['anna'],
    said: {
      firstNumber: FIRST,
      lanes: Int32Array.of(0, 0, 0),
      sentUs: Float64Array.of(10, 30, 50),
      acceptedUs: Float64Array.of(20, 40, 60),
      sequences: Int32Array.of(2, 3, 4),
      ...changes,
    },
    laneConversations: Int32Array.of(0, 0, 0),
    readings: {
      conversations: Int32Array.of(0),
      bases: Int32Array.of(heard.base),
      lasts: Int32Array.of(heard.base + heard.numbers.length),
      fingerprints: Int32Array.of(fingerprint),
    },
    lost: {},
    refused: {},
    holes: 0,
  };
}

function found(evidence: Evidence, log: ReadBack): string {
  return breachesIn([evidence], new Map([['g1', log]])).join('; ');
}

describe('what a bench saw, against the log', () => {
  test('nothing is said of a run that kept every promise', () => {
    expect(found(evidenceOf(), logOf([A, B, C]))).toBe('');
  });

  test('a message that was acknowledged and is not there', () => {
    expect(found(evidenceOf({}, { base: 1, numbers: [A, B] }), logOf([A, B]))).toContain(
      `message ${C} was accepted at 4 and stands at 0`,
    );
  });

  test('a message that stands twice', () => {
    expect(found(evidenceOf({}, { base: 1, numbers: [A, B, C, B] }), logOf([A, B, C, B]))).toContain('twice');
  });

  test('messages of one lane in another order', () => {
    const said = { acceptedUs: Float64Array.of(60, 60, 60), sequences: Int32Array.of(2, 4, 3) };
    expect(found(evidenceOf(said, { base: 1, numbers: [A, C, B] }), logOf([A, C, B]))).toContain(
      'was sent after what follows it on its lane',
    );
  });

  test('a message before one that had been acknowledged when it was sent', () => {
    const said = { lanes: Int32Array.of(0, 1, 2), sequences: Int32Array.of(2, 4, 3) };
    expect(found(evidenceOf(said, { base: 1, numbers: [A, C, B] }), logOf([A, C, B]))).toContain(
      'was sent after something behind it had been accepted',
    );
  });

  test('a message in a conversation that it was not sent into', () => {
    const other = {
      ...evidenceOf(),
      conversationIds: ['g2', 'g1'],
      laneConversations: Int32Array.of(0, 1, 1),
    };
    expect(found(other, logOf([A, B, C]))).toContain('another conversation');
  });

  test('a hole in the log', () => {
    const log = { conversationId: 'g1', sequences: [1, 2, 4], numbers: [NO_NUMBER, A, B] };
    expect(found(evidenceOf(), log)).toContain('4 follows 2');
  });

  test('a reader to whom the end never came', () => {
    expect(found(evidenceOf({}, { base: 1, numbers: [A, B] }), logOf([A, B, C]))).toContain('reached 3 of 4');
  });

  test('a reader who read other messages, or the same ones in another order', () => {
    expect(found(evidenceOf({}, { base: 1, numbers: [A, C, B] }), logOf([A, B, C]))).toContain(
      'something else',
    );
    expect(found(evidenceOf({}, { base: 2, numbers: [C, C] }), logOf([A, B, C]))).toContain('something else');
  });

  test('sends without an answer, and connections that were ended', () => {
    const said = { acceptedUs: Float64Array.of(20, 40, 0) };
    const text = found({ ...evidenceOf(said), lost: { 4002: 3 } }, logOf([A, B, C]));
    expect(text).toContain('1 messages were never answered');
    expect(text).toContain('3 connections were ended with 4002');
  });
});
