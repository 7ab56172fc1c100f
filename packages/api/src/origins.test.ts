import { describe, expect, test } from 'bun:test';
import { canonicalOrigin, originRulesOf } from './origins.ts';

describe('origins', () => {
  const rules = originRulesOf(['https://chat.example.org', 'http://[::1]:8080']);

  test('listed ones are allowed, and nothing that looks like them', () => {
    expect(rules.isAllowed('https://chat.example.org', null)).toBe(true);
    expect(rules.isAllowed('http://[::1]:8080', 'x')).toBe(true);
    for (const origin of [
      'null',
      '',
      'https://chat.example.org.',
      'https://chat.example.org/',
      'HTTPS://chat.example.org',
      'https://chat.example.org:444',
      'https://xchat.example.org',
      'chat.example.org',
    ]) {
      expect([origin, rules.isAllowed(origin, 'api.example.org')]).toEqual([origin, false]);
    }
  });

  test('the page of this server is the one with its host', () => {
    expect(rules.isAllowed('http://127.0.0.1:8080', '127.0.0.1:8080')).toBe(true);
    expect(rules.isAllowed('https://other.example.org', 'other.example.org:443')).toBe(true);
    expect(rules.isAllowed('http://localhost:8080', 'LOCALHOST:8080')).toBe(true);
    expect(rules.isAllowed('http://127.0.0.1:8080', '127.0.0.1:8081')).toBe(false);
    expect(rules.isAllowed('http://127.0.0.1:8080', '127.0.0.1:8080@evil.example')).toBe(false);
    expect(rules.isAllowed('null', 'null')).toBe(false);
    expect(rules.isAllowed('http://', '')).toBe(false);
  });

  test('settings name origins and nothing more', () => {
    expect(canonicalOrigin('https://Chat.Example.org:443/')).toBe('https://chat.example.org');
    for (const text of [
      '*',
      'null',
      'chat.example.org',
      'https://chat.example.org/app',
      'ftp://x',
      'https://u:p@x',
      'https://x?y',
    ]) {
      expect(() => canonicalOrigin(text)).toThrow('no origin');
    }
  });
});
