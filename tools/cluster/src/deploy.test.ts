import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, PROGRAMS } from '@confab/services';
import { bareEnvironment, SERVER_COMMAND } from './server-command.ts';

const deploy = join(import.meta.dir, '../../../deploy');
const haproxy = findProgram(PROGRAMS.haproxy);
/** Each run of the server's command takes its time where the machine is busy. */
const TEST_MS_MAX = 60_000;
const SETTING = /\bCONFAB_[A-Z_]+\b/g;

type Container = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: string;
  readonly stop_grace_period?: string;
};
type Compose = { readonly services: Readonly<Record<string, Container>> };

const compose = Bun.YAML.parse(read('compose.yaml')) as Compose;
const gateways = Object.entries(compose.services).filter(([name]) => name.startsWith('gateway-'));

function read(file: string): string {
  return readFileSync(join(deploy, file), 'utf8');
}

async function confab(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...SERVER_COMMAND, ...words], {
    env: { ...bareEnvironment(), ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

/** `NAME=value` lines; a name without a value stands for a secret somebody puts there. */
function settingsIn(file: string): Record<string, string> {
  const pairs = [...read(file).matchAll(/^(CONFAB_[A-Z_]+)=(.*)$/gm)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

test(
  'every setting that a file names exists',
  async () => {
    const { out } = await confab(['config', '--markdown']);
    const known = new Set(out.match(SETTING));
    expect(known.size).toBeGreaterThan(10);
    const files = [
      'compose.yaml',
      'confab.env.example',
      'confab.service',
      'Dockerfile',
      'haproxy.cfg',
      'nginx.conf',
      'README.md',
    ];
    const unknown = files.flatMap((file) =>
      (read(file).match(SETTING) ?? []).filter((name) => !known.has(name)).map((name) => `${file}: ${name}`),
    );
    expect(unknown).toEqual([]);
  },
  TEST_MS_MAX,
);

test(
  'each gateway of the fleet has a name of its own, and settings that the server takes',
  async () => {
    expect(gateways.length).toBe(3);
    const example = { ...settingsIn('confab.env.example'), CONFAB_SECRET: 's'.repeat(48) };
    for (const [name, { environment = {}, env_file: file }] of gateways) {
      expect(environment['CONFAB_NODE_ID']).toBe(name);
      expect(file).toBe('confab.env');
      const { code, err } = await confab(['config'], { ...example, ...environment });
      expect([code, err]).toEqual([0, '']);
    }
  },
  TEST_MS_MAX,
);

test(
  'without a secret no gateway starts',
  async () => {
    const [, gateway] = gateways[0] ?? [];
    const { code, err } = await confab(['config'], {
      ...settingsIn('confab.env.example'),
      ...gateway?.environment,
    });
    expect([code, err.includes('CONFAB_SECRET')]).toEqual([64, true]);
  },
  TEST_MS_MAX,
);

test('a stop waits for the drain', () => {
  for (const [, { environment, stop_grace_period: grace = '' }] of gateways)
    expect(Number.parseInt(grace, 10) * 1_000).toBeGreaterThan(Number(environment?.['CONFAB_DRAIN_MS']));
  const unit = read('confab.service');
  const drainMs = Number(/CONFAB_DRAIN_MS=(\d+)/.exec(unit)?.[1]);
  expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]) * 1_000).toBeGreaterThan(drainMs);
});

test('every Cassandra syncs before it answers and has the Paxos that reads can rely on', () => {
  const rings = Object.entries(compose.services).filter(([name]) => name.startsWith('cassandra-'));
  expect(rings.length).toBe(3);
  for (const [, { environment = {} }] of rings) {
    expect(environment['JVM_EXTRA_OPTS']).toContain('-Dcassandra.settings.commitlog_sync=batch');
    expect(environment['JVM_EXTRA_OPTS']).toContain('-Dcassandra.settings.paxos_variant=v2');
  }
  expect(new Set(rings.map(([, { environment }]) => environment?.['CASSANDRA_RACK'])).size).toBe(3);
});

test('the balancer knows the gateways of the fleet', () => {
  const servers = [...read('haproxy.cfg').matchAll(/^ {2}server (\S+) (\S+):8080$/gm)];
  expect(servers.map(([, name, host]) => [name, host])).toEqual(gateways.map(([name]) => [name, name]));
});

describe.skipIf(haproxy === null)('HAProxy (needs HAProxy: apt-get install haproxy)', () => {
  test('takes the configuration of the fleet', () => {
    const check = Bun.spawnSync([haproxy ?? '', '-c', '-f', join(deploy, 'haproxy.cfg')]);
    expect([check.exitCode, check.stderr.toString()]).toEqual([0, expect.not.stringContaining('[ALERT]')]);
  });
});
