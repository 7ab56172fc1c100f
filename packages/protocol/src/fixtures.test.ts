import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { calls, ConfabError, decodeClientFrame, errorCodes, parseObject, verbs } from './index.ts';

interface Fixture {
  /** What the frame is an example of. */
  readonly what: string;
  /** The frame; or its text, where it is no JSON object or cannot be written as one. */
  readonly frame?: Record<string, unknown>;
  readonly text?: string;
  /** Of an invalid frame: the error it is answered with, and the field its message names. */
  readonly code?: string;
  readonly field?: string;
}

function read(kind: 'valid' | 'invalid'): readonly (readonly [string, Fixture])[] {
  const folder = new URL(`../fixtures/${kind}/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture] as const);
}

const decode = ({ frame, text }: Fixture): unknown =>
  decodeClientFrame(parseObject(text ?? JSON.stringify(frame)));

describe('golden frames', () => {
  test.each(read('valid'))('%s is taken as it is', (_file, fixture) => {
    expect(decode(fixture)).toEqual(fixture.frame);
  });

  test.each(read('invalid'))('[G8.2] %s is answered with its code', (_file, fixture) => {
    let refusal: unknown;
    try {
      decode(fixture);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ConfabError);
    const { code, message } = refusal as ConfabError;
    expect(code as string).toBe(fixture.code ?? '');
    if (fixture.field !== undefined) expect(message).toStartWith(`Field ${fixture.field} `);
  });

  test('there is a valid one of every verb, and every code is in the table', () => {
    const types = new Set(read('valid').map(([, { frame }]) => frame?.['type']));
    for (const verb of verbs) if (calls[verb].frame) expect(types).toContain(verb);
    for (const [, { code }] of read('invalid')) expect(errorCodes as string[]).toContain(code ?? '');
  });
});
