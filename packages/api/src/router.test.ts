import { describe, expect, test } from 'bun:test';
import { pathFieldsOf, Router, targetOf } from './router.ts';

describe('the target of a request', () => {
  test('is path, segments and query, whatever stands in front', () => {
    expect(targetOf('http://localhost:8080/v1/users/u1?limit=5#x')).toEqual({
      path: '/v1/users/u1',
      segments: ['v1', 'users', 'u1'],
      query: 'limit=5',
    });
    expect(targetOf('/healthz')).toEqual({ path: '/healthz', segments: ['healthz'], query: '' });
    expect(targetOf('http://localhost:8080')).toEqual({ path: '/', segments: [''], query: '' });
    expect(targetOf('http://h/a#b?c')).toEqual({ path: '/a', segments: ['a'], query: '' });
  });

  test('is decoded after it is cut: a slash within a segment stays in it', () => {
    expect(targetOf('http://h/v1/users/a%2Fb').segments).toEqual(['v1', 'users', 'a/b']);
    expect(() => targetOf('http://h/v1/users/%ff')).toThrow('percent-encoding');
    expect(() => targetOf('http://h/v1/users/%')).toThrow('percent-encoding');
  });
});

describe('the router', () => {
  const router = new Router<string>();
  router.add('GET', '/v1/users', 'search');
  router.add('GET', '/v1/users/{userId}', 'one');
  router.add('PUT', '/v1/users/external', 'external');
  router.add('DELETE', '/v1/users/{userId}/devices/{deviceId}', 'device');
  const find = (method: string, path: string): string | null => router.find(method, targetOf(path).segments);

  test('finds words before fields, and fields where the word has no such method', () => {
    expect(find('GET', '/v1/users')).toBe('search');
    expect(find('GET', '/v1/users/u1')).toBe('one');
    expect(find('PUT', '/v1/users/external')).toBe('external');
    expect(find('GET', '/v1/users/external')).toBe('one');
    expect(find('DELETE', '/v1/users/external/devices/d')).toBe('device');
  });

  test('finds nothing beside, below or between', () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/v1/users/',
      '/v1//users',
      '/v1/users/u1/',
      '/v1/users/u1/devices',
      '/V1/users',
    ]) {
      expect([path, find('GET', path)]).toEqual([path, null]);
    }
    expect(find('POST', '/v1/users')).toBeNull();
    expect(find('constructor', '/v1/users')).toBeNull();
  });

  test('knows what a path takes', () => {
    const allowed = (path: string): readonly string[] => router.allowedMethods(targetOf(path).segments);
    expect(allowed('/v1/users/external')).toEqual(['GET', 'PUT']);
    expect(allowed('/v1/users/u1')).toEqual(['GET']);
    expect(allowed('/v1/nothing')).toEqual([]);
    expect(allowed('/__proto__')).toEqual([]);
  });

  test('refuses two routes in one place', () => {
    expect(() => router.add('GET', '/v1/users/{other}', 'again')).toThrow('two routes');
  });

  test('a template names its fields', () => {
    expect(pathFieldsOf('/v1/users/{userId}/devices/{deviceId}')).toEqual([
      { field: 'userId', segment: 2 },
      { field: 'deviceId', segment: 4 },
    ]);
  });
});
