import { describe, expect, test } from 'bun:test';
import { formatRoute, parseRoute, sameRoute } from './route.ts';

describe('routes', () => {
  test('a conversation survives the way to its address and back', () => {
    const route = { view: 'conversation', conversationId: 'gAbC_-123' } as const;
    expect(formatRoute(route)).toBe('/c/gAbC_-123');
    expect(parseRoute(formatRoute(route))).toEqual(route);
    expect(sameRoute(route, { ...route })).toBe(true);
    expect(sameRoute(route, { view: 'home' })).toBe(false);
  });

  test('a trailing slash changes nothing', () => {
    expect(parseRoute('/c/d1/')).toEqual({ view: 'conversation', conversationId: 'd1' });
  });

  test.each(['/', '', '/c/', '/c/a b', '/c/a/b', `/c/${'x'.repeat(41)}`, '/c/%2e%2e', '/elsewhere'])(
    'no place of ours is home: %p',
    (path) => expect(parseRoute(path)).toEqual({ view: 'home' }),
  );

  test('registering has an address of its own', () => {
    expect(parseRoute('/register')).toEqual({ view: 'register' });
    expect(formatRoute({ view: 'register' })).toBe('/register');
  });
});
