import { describe, expect, test } from 'bun:test';
import {
  ConfigError,
  type Environment,
  printConfig,
  readConfig,
  readFlags,
  settingsMarkdown,
} from './config.ts';
import { settings } from './settings.ts';

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  test('have defaults that are good settings themselves', () => {
    const config = readConfig({ HOME: '/home/x' });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDir: '.confab',
      registration: 'open',
      rateLimits: 'on',
      accessTokenSeconds: 900,
      apiKey: null,
    });
    expect(config.given.size).toBe(0);
  });

  test('are read from the environment; empty is not set', () => {
    const config = readConfig({
      CONFAB_PORT: '9000',
      CONFAB_HOST: '',
      CONFAB_ALLOWED_ORIGINS: 'https://a.example, https://B.example:443',
      CONFAB_TRUSTED_PROXIES: '10.0.0.0/8,::1',
    });
    expect(config).toMatchObject({
      port: 9000,
      host: '127.0.0.1',
      allowedOrigins: ['https://a.example', 'https://b.example'],
      trustedProxies: ['10.0.0.0/8', '::1'],
    });
    expect([...config.given].toSorted()).toEqual(['allowedOrigins', 'port', 'trustedProxies']);
  });

  test('that are wrong are all told at once', () => {
    const problems = problemsOf({
      CONFAB_PORT: '70000',
      CONFAB_REGISTRATION: 'maybe',
      CONFAB_API_KEY: 'short',
      CONFAB_PUBLIC_URL: 'https://x/app',
      CONFAB_TRUSTED_PROXIES: 'proxy',
      CONFAB_PRT: '1',
      CONFAB_NONSENSE_AT_ALL: '1',
    });
    expect(problems).toEqual([
      'CONFAB_PRT is no setting. Did you mean CONFAB_PORT?',
      'CONFAB_NONSENSE_AT_ALL is no setting. "confab config" lists them all.',
      'CONFAB_PORT is "70000"; it is a whole number from 0 to 65535.',
      'CONFAB_PUBLIC_URL is wrong: "https://x/app" is no origin; one looks like https://chat.example.org.',
      'CONFAB_REGISTRATION is "maybe"; it is one of open, closed.',
      'CONFAB_API_KEY is too short to be a secret; it takes at least 32 bytes.',
      'CONFAB_TRUSTED_PROXIES is wrong: "proxy" is no IP address or network.',
    ]);
  });

  test('that contradict each other are refused', () => {
    const issuer = { CONFAB_JWT_ISSUER: 'https://shop.example' };
    const secret = { CONFAB_JWT_SECRET: 's'.repeat(32) };
    const audience = { CONFAB_JWT_AUDIENCE: 'confab' };
    const keys = { CONFAB_JWT_JWKS_URL: 'https://shop.example/keys' };
    expect(problemsOf({ ...issuer, ...audience, ...secret })).toEqual([]);
    expect(problemsOf({ ...issuer, ...audience, ...keys })).toEqual([]);
    expect(problemsOf({ ...issuer, ...audience, ...keys, ...secret })).toHaveLength(1);
    expect(problemsOf(issuer)).toHaveLength(2);
    expect(problemsOf({ ...secret, ...audience })).toHaveLength(2);
  });

  test('say where a fleet meets', () => {
    const fleet = {
      CONFAB_CASSANDRA: '10.0.0.1:9042, cassandra-2,[::1]:9042',
      CONFAB_REDIS: 'redis://:word@10.0.0.3:6379/1',
      CONFAB_SECRET: 's'.repeat(32),
    };
    expect(readConfig(fleet)).toMatchObject({
      cassandra: ['10.0.0.1:9042', 'cassandra-2', '[::1]:9042'],
      redis: { url: 'redis://:word@10.0.0.3:6379/1' },
      cassandraReplication: 3,
    });
    const sentinels = 'redis+sentinel://:a%20word@10.0.0.3,10.0.0.4:26380/main';
    expect(readConfig({ ...fleet, CONFAB_REDIS: sentinels }).redis).toEqual({
      sentinels: [
        { host: '10.0.0.3', port: 26_379 },
        { host: '10.0.0.4', port: 26_380 },
      ],
      name: 'main',
      password: 'a word',
    });
    const sixth = readConfig({ ...fleet, CONFAB_REDIS: 'redis+sentinel://[::1]:26380,[::2]/main' }).redis;
    expect(sixth).toMatchObject({
      sentinels: [
        { host: '::1', port: 26_380 },
        { host: '::2', port: 26_379 },
      ],
    });
    const replicated = readConfig({ ...fleet, CONFAB_CASSANDRA_REPLICATION: 'east:3,west:2' });
    expect(replicated.cassandraReplication).toEqual({ east: 3, west: 2 });
    expect(printConfig(replicated)).toMatch(/^CONFAB_CASSANDRA_REPLICATION +east:3,west:2$/m);
    expect(printConfig(replicated)).not.toContain('word');
  });

  test('of a fleet that are wrong or do not go together are refused', () => {
    const secret = { CONFAB_SECRET: 's'.repeat(32) };
    const cassandra = { CONFAB_CASSANDRA: '10.0.0.1', CONFAB_SECRET_FILE: 'secret' };
    const redis = { CONFAB_REDIS: 'redis://10.0.0.3' };
    expect(problemsOf(cassandra)).toEqual([]);
    expect(problemsOf({ ...redis, ...secret })).toEqual([
      'CONFAB_REDIS needs CONFAB_CASSANDRA: nodes cannot share a SQLite file.',
    ]);
    expect(problemsOf({ ...cassandra, ...redis })).toEqual([]);
    expect(problemsOf({ ...cassandra, CONFAB_WORKERS: '2' })).toEqual([
      'CONFAB_WORKERS is for one machine with SQLite; with CONFAB_CASSANDRA start more processes.',
    ]);
    expect(problemsOf({ CONFAB_WORKERS: '65' })).toHaveLength(1);
    expect(problemsOf({ ...cassandra, ...secret })).toEqual([
      'CONFAB_SECRET and CONFAB_SECRET_FILE are two words for one thing.',
    ]);
    expect(problemsOf({ CONFAB_CASSANDRA: '10.0.0.1' })).toEqual([
      "CONFAB_CASSANDRA needs CONFAB_SECRET or CONFAB_SECRET_FILE: nodes must accept each other's tokens.",
    ]);
    expect(problemsOf({ ...cassandra, CONFAB_CASSANDRA_USERNAME: 'u' })).toHaveLength(1);
    for (const wrong of [
      { CONFAB_CASSANDRA: 'http://10.0.0.1' },
      { CONFAB_CASSANDRA: ',' },
      { CONFAB_CASSANDRA_KEYSPACE: 'Not-One' },
      { CONFAB_CASSANDRA_REPLICATION: 'many' },
      { CONFAB_CASSANDRA_REPLICATION: '0' },
      { CONFAB_CASSANDRA_ALLOW: 'everything' },
      { CONFAB_REDIS: '10.0.0.3:6379' },
      { CONFAB_REDIS: 'redis+sentinel://10.0.0.3' },
      { CONFAB_NODE_ID: 'node one' },
    ]) {
      expect(problemsOf({ ...secret, ...wrong })).toHaveLength(1);
    }
    const named = { ...cassandra, CONFAB_REDIS: 'redis+sentinel://app:hunter2@10.0.0.1/main' };
    expect(problemsOf(named).join()).not.toContain('hunter2');
  });

  test('are flags too, but for secrets', () => {
    expect(readFlags(['--data-dir', 'x', '--port=9'])).toEqual({ CONFAB_DATA_DIR: 'x', CONFAB_PORT: '9' });
    for (const words of [['--nonsense', '1'], ['x'], ['--port'], ['--api-key', 'k'.repeat(40)]]) {
      expect(() => readFlags(words)).toThrow(ConfigError);
    }
  });

  test('are printed without secrets', () => {
    const key = 'k'.repeat(32);
    const printed = printConfig(readConfig({ CONFAB_API_KEY: key, CONFAB_PORT: '9' }));
    expect(printed).not.toContain(key);
    expect(printed).toMatch(/^CONFAB_API_KEY +\(secret\)$/m);
    expect(printed).toMatch(/^CONFAB_PORT +9$/m);
    expect(printed).toMatch(/^CONFAB_HOST +127\.0\.0\.1 {2}\(default\)$/m);
  });

  test('are one table, with a sentence each', () => {
    const rows = settingsMarkdown().split('\n').slice(2);
    expect(rows).toHaveLength(Object.keys(settings).length);
    for (const { name, description } of Object.values(settings)) {
      expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toHaveLength(1);
      expect(description).toMatch(/^.{20,}\.$/);
    }
  });
});
