import { expect, test } from 'bun:test';
import { AllowedOrigins } from './origin.ts';

test.each([
  ['https://chat.example', 'chat.example', true],
  ['https://chat.example', 'chat.example:443', true],
  ['https://chat.example', 'CHAT.example', true],
  ['https://chat.example', 'chat.example:8443', false],
  ['http://chat.example', 'chat.example:80', true],
  ['https://chat.example.evil', 'chat.example', false],
  ['https://user@chat.example', 'chat.example', false],
  ['https://listed.example:444', 'chat.example', true],
  ['https://listed.example', 'chat.example', false],
  ['file://', 'chat.example', false],
  ['null', 'null', false],
  ['', '', false],
])('origin %p at host %p: %p', (origin, host, isAllowed) => {
  const origins = new AllowedOrigins(['https://listed.example:444/']);
  expect(origins.allows(new Headers({ origin, host }))).toBe(isAllowed);
});

test('no browser says no origin', () => {
  expect(new AllowedOrigins([]).allows(new Headers({ host: 'chat.example' }))).toBe(true);
});

test('a setting that is no origin is refused at the start', () => {
  for (const text of ['chat.example', 'https://chat.example/path', '*', 'null', 'wss://chat.example']) {
    expect(() => new AllowedOrigins([text])).toThrow();
  }
});
