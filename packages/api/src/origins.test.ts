import { describe, expect, test } from 'bun:test';
import { canonicalOrigin, type OriginRules, originRulesOf } from './origins.ts';

function allows(rules: OriginRules, origin: string, host: string | null): boolean {
  return rules.allows(new Headers({ origin, ...(host === null ? {} : { host }) }));
}

describe('origins', () => {
  const rules = originRulesOf(['https://chat.example.org', 'http://[::1]:8080'], true);

  test('listed ones are allowed, and nothing that looks like them', () => {
    expect(allows(rules, 'https://chat.example.org', null)).toBe(true);
    expect(allows(rules, 'http://[::1]:8080', 'x')).toBe(true);
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
      expect([origin, allows(rules, origin, 'api.example.org')]).toEqual([origin, false]);
    }
  });

  test('the page of this server is the one with its host', () => {
    expect(allows(rules, 'http://127.0.0.1:8080', '127.0.0.1:8080')).toBe(true);
    expect(allows(rules, 'https://other.example.org', 'other.example.org:443')).toBe(true);
    expect(allows(rules, 'http://localhost:8080', 'LOCALHOST:8080')).toBe(true);
    expect(allows(rules, 'http://127.0.0.1:8080', '127.0.0.1:8081')).toBe(false);
    expect(allows(rules, 'http://127.0.0.1:8080', '127.0.0.1:8080@evil.example')).toBe(false);
    expect(allows(rules, 'null', 'null')).toBe(false);
    expect(allows(rules, 'http://', '')).toBe(false);
  });

  test('a server that knows its public origin trusts no Host', () => {
    const strict = originRulesOf(['https://chat.example.org'], false);
    expect(allows(strict, 'http://evil.example', 'evil.example')).toBe(false);
    expect(allows(strict, 'https://chat.example.org', 'evil.example')).toBe(true);
  });

  test('no browser says no origin', () => {
    expect(originRulesOf([], false).allows(new Headers({ host: 'chat.example' }))).toBe(true);
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
