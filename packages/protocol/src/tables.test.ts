import { describe, expect, test } from 'bun:test';
import {
  accessErrors,
  calls,
  closeAction,
  closeCodes,
  commonErrors,
  ConfabError,
  errorCodes,
  errorTable,
  formatEventId,
  operations,
  parseEventId,
  utf8Length,
  utf8Prefix,
  verbs,
} from './index.ts';

describe('the error table', () => {
  test.each(errorCodes)('%s has one meaning of its own, and a status that goes with its retry', (code) => {
    const { meaning, retry, status } = errorTable[code];
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(errorCodes.filter((other) => errorTable[other].meaning === meaning)).toEqual([code]);
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    if (status === 429 || status >= 500) expect(retry).not.toBe('never');
    if (status === 400 || status === 404 || status === 413 || status === 422) expect(retry).toBe('never');
    if (retry === 'after_auth') expect(status).toBe(401);
    expect(new ConfabError(code)).toMatchObject({ code, message: meaning, retry, status });
  });

  test('every error an operation names is in it, and is named once', () => {
    for (const verb of verbs) {
      const { access, errors } = operations[verb];
      for (const code of errors) expect(errorCodes).toContain(code);
      expect(new Set(errors).size).toBe(errors.length);
      for (const code of accessErrors[access])
        expect(errors as readonly string[]).not.toContain(code === 'not_found' ? '' : code);
    }
    for (const code of commonErrors) expect(errorCodes).toContain(code);
  });
});

describe('the operations', () => {
  test.each(verbs)('%s: its path names fields that are required, its frame a name', (verb) => {
    const { http, request } = operations[verb];
    const required = (request as { required?: readonly string[] }).required ?? [];
    for (const [, field] of http?.path.matchAll(/\{(\w+)\}/g) ?? []) expect(required).toContain(field ?? '');
    for (const field of Object.values(http !== null && 'bodyNames' in http ? http.bodyNames : {})) {
      expect(Object.keys(request.properties)).toContain(field);
    }
    if (calls[verb].frame) expect(Object.keys(request.properties)).not.toContain('type');
    if (http?.method === 'GET') expect(http.status).toBe(200);
    if (operations[verb].answer === null && http !== null) expect(http.status).toBe(204);
  });

  test('no two have one route', () => {
    const routes = verbs.flatMap((verb) => {
      const { http } = calls[verb];
      return http === null ? [] : [`${http.method} ${http.path}`];
    });
    expect(new Set(routes).size).toBe(routes.length);
  });
});

describe('close codes', () => {
  test('say by their range what to do', () => {
    const actions = Object.fromEntries(
      Object.entries(closeCodes).map(([name, code]) => [name, closeAction(code)]),
    );
    expect(actions).toEqual({
      goingAway: 'resume',
      heartbeatTimeout: 'resume',
      slowReader: 'resume',
      internal: 'resume',
      overloaded: 'resume_after_wait',
      tooManyFrames: 'resume_after_wait',
      tokenExpired: 'authenticate',
      notAuthenticated: 'authenticate',
      signedOut: 'stop',
      replaced: 'stop',
      protocolTooOld: 'stop',
      badFrames: 'stop',
    });
    expect(new Set(Object.values(closeCodes)).size).toBe(Object.keys(closeCodes).length);
    const edges = [1000, 1006, 3999, 4000, 4099, 4100, 4199, 4200, 4299, 4300, 4399, 4400, 4999].map(
      closeAction,
    );
    expect(edges).toEqual([
      ...Array<'resume'>(5).fill('resume'),
      'resume_after_wait',
      'resume_after_wait',
      'authenticate',
      'authenticate',
      'stop',
      'stop',
      'resume',
      'resume',
    ]);
  });
});

describe('event ids', () => {
  test('name their conversation and place', () => {
    for (const sequence of [1, 35, 36, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const eventId = formatEventId('g_-1', sequence, 'aB3_-xyz');
      expect(parseEventId(eventId)).toEqual({ conversationId: 'g_-1', sequence });
    }
  });

  test('are nothing else', () => {
    const wrong = [
      '',
      'g.1',
      'g.1.short',
      'g.1.toolong__',
      'g..aaaaaaaa',
      'g.0.aaaaaaaa',
      'g.A.aaaaaaaa',
      'g.-1.aaaaaaaa',
      '.1.aaaaaaaa',
    ];
    wrong.push(
      'g.zzzzzzzzzzz.aaaaaaaa',
      `${'g'.repeat(41)}.1.aaaaaaaa`,
      'g.1.aaaaaaaa\n',
      ' g.1.aaaaaaaa',
      'g.1.aaaa.aaa',
    );
    for (const text of wrong) expect([text, parseEventId(text)]).toEqual([text, null]);
  });
});

describe('UTF-8', () => {
  const texts = [
    '',
    'plain',
    'é',
    '你好',
    '😀',
    'a😀b',
    '👩‍💻 e\u0301',
    `${'x'.repeat(254)}é`,
    `${'x'.repeat(255)}é`,
    '😀'.repeat(100),
  ];

  test.each(texts)('lengths of %p', (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });

  test.each(texts)('beginnings of %p are the longest that fit and cut no character', (text) => {
    for (let bytesMax = 0; bytesMax <= Math.min(260, utf8Length(text) + 1); bytesMax++) {
      const prefix = utf8Prefix(text, bytesMax);
      expect(text.startsWith(prefix)).toBe(true);
      expect(prefix.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(prefix)).toBeLessThanOrEqual(bytesMax);
      const next = text.slice(prefix.length)[Symbol.iterator]().next();
      if (next.done !== true) expect(Buffer.byteLength(prefix + next.value)).toBeGreaterThan(bytesMax);
    }
  });
});
