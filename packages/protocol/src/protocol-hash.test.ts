import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import {
  Authenticate,
  calls,
  closeCodes,
  errorTable,
  limits,
  operations,
  Ping,
  PROTOCOL_VERSION,
  serverFrames,
  verbs,
} from './index.ts';

/** The wire of each version, as a hash of all its schemas, routes, errors, bounds and close codes. */
const HASHES: Readonly<Record<number, string>> = {
  1: '54741f442f991bb2',
};

/** Keys in one order, and without words for people: a better description is no other wire. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key]) => !['description', 'summary', 'meaning'].includes(key),
  );
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, item]) => [key, canonical(item)]),
  );
}

function hashOfWire(): string {
  const requests = verbs.map((verb) => [
    verb,
    calls[verb],
    operations[verb].request,
    operations[verb].answer,
  ]);
  const wire = { Authenticate, Ping, requests, serverFrames, errorTable, closeCodes, limits };
  return createHash('sha256')
    .update(JSON.stringify(canonical(wire)))
    .digest('hex')
    .slice(0, 16);
}

test('the wire changes only with its version', () => {
  const hash = hashOfWire();
  const advice =
    `The wire is now ${hash}. If clients of version ${PROTOCOL_VERSION} are out there and would notice, raise ` +
    'PROTOCOL_VERSION with a line of history and add the hash under the new number; otherwise update the hash of this one.';
  expect({ hash: HASHES[PROTOCOL_VERSION], advice }).toEqual({ hash, advice });
});

test('what a frame is made of is in the hash', () => {
  const before = hashOfWire();
  const { body } = operations.send_message.request.properties;
  const known = Object.getOwnPropertyDescriptor(body, 'maxLength');
  Object.defineProperty(body, 'maxLength', { value: 1, configurable: true, enumerable: true });
  try {
    expect(hashOfWire()).not.toBe(before);
  } finally {
    if (known !== undefined) Object.defineProperty(body, 'maxLength', known);
  }
});
