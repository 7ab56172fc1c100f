import type { ConnectionState } from '@confab/client';
import { describe, expect, test } from 'bun:test';
import { text } from '../../text.ts';
import { bannerWords } from './connection-words.ts';

const NOW = 1_000_000;

describe('the connection banner', () => {
  test('a live connection needs no words', () => {
    expect(bannerWords({ kind: 'live', transport: 'websocket' }, 0, NOW)).toBeNull();
    expect(bannerWords({ kind: 'draining' }, 0, NOW)).toBeNull();
  });

  test('a wait counts down and offers to try now', () => {
    const waiting: ConnectionState = { kind: 'waiting', untilMs: NOW + 4_200, attempt: 3 };
    expect(bannerWords(waiting, 0, NOW)).toMatchObject({ tone: 'warn', action: 'retry' });
    expect(bannerWords(waiting, 0, NOW)?.words).toContain('5 s');
    expect(bannerWords(waiting, 0, NOW + 10_000)?.words).toContain('1 s');
  });

  test('after a failure the words stay while it tries again', () => {
    expect(bannerWords({ kind: 'connecting', attempt: 1 }, 0, NOW)).toMatchObject({
      tone: 'calm',
      patient: true,
    });
    expect(bannerWords({ kind: 'waiting', untilMs: NOW, attempt: 1 }, 0, NOW)).toMatchObject({
      tone: 'calm',
    });
    expect(bannerWords({ kind: 'connecting', attempt: 3 }, 0, NOW)).toMatchObject({
      tone: 'warn',
      patient: false,
    });
  });

  test('offline says what waits, or that writing is safe', () => {
    expect(bannerWords({ kind: 'offline' }, 3, NOW)?.more).toContain('3 messages');
    expect(bannerWords({ kind: 'offline' }, 1, NOW)?.more).toContain('1 message ');
    expect(bannerWords({ kind: 'offline' }, 0, NOW)?.more).toBe(text.connection.kept);
  });

  test('passing states are told only if they last', () => {
    for (const kind of ['authenticating', 'catching_up'] as const) {
      expect(bannerWords({ kind }, 0, NOW)?.patient).toBe(true);
    }
  });

  test.each([
    ['replaced', 'connect'],
    ['too_old', 'reload'],
    ['closed', 'connect'],
  ] as const)('stopped because %p offers %p', (reason, action) => {
    expect(bannerWords({ kind: 'stopped', reason }, 0, NOW)?.action).toBe(action);
  });

  test('signed out has a page of its own', () => {
    expect(bannerWords({ kind: 'stopped', reason: 'signed_out' }, 0, NOW)).toBeNull();
  });
});
