import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const MAIN = join(import.meta.dir, '..', 'main.ts');

function confabPlan(...words: readonly string[]): { code: number; said: string; complained: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, MAIN, 'plan', ...words], {
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return { code: exitCode, said: stdout.toString(), complained: stderr.toString() };
}

describe('confab plan', () => {
  test('says how large a fleet is, what binds, what is full first, and each line of it', () => {
    const { code, said } = confabPlan('--connections', '2e6', '--messages', '9300');
    expect(code).toBe(0);
    expect(said).toMatch(/^The fleet\n {2}gateways: [\d,]+ processes, by [a-zA-Z ]+ \(/);
    expect(said).toContain('What is full first as the load grows: ');
    expect(said).toContain('deliveries = 9,300 messages/s x 5 deliveries per message = 46,500 deliveries/s');
  });

  test('says the same to programs', () => {
    const { code, said } = confabPlan('--connections=2e6', '--json', '--messages=9300');
    const plan = JSON.parse(said) as {
      given: object;
      gateways: object;
      arithmetic: unknown[];
      costs: unknown[];
    };
    expect([code, plan.given]).toEqual([
      0,
      expect.objectContaining({ connections: 2_000_000, messages: 9_300 }),
    ]);
    expect(plan.gateways).toEqual(
      expect.objectContaining({ count: expect.any(Number), binds: expect.any(String) }),
    );
    expect([plan.arithmetic.length, plan.costs.length > 20]).toEqual([6, true]);
  });

  test('says what would change with one thing changed at a time', () => {
    const { code, said } = confabPlan('--connections=2e6', '--messages=9300', '--levers');
    expect(code).toBe(0);
    expect(said).toMatch(/^\| `--retention-days 30` \| [\d,]+, by .+ \| [\d,]+, by .+ \| [\d.]+ \|$/m);
  });

  test('explains its flags, and prints its costs', () => {
    const help = confabPlan('--connections', 'x', '--help');
    expect([help.code, help.said.includes('--reconnect-minutes')]).toEqual([0, true]);
    const costs = confabPlan('--costs');
    expect([costs.code, costs.said.startsWith('| cost | value |')]).toEqual([0, true]);
  });

  test('refuses wrong flags, all at once and with codes, with exit code 64', () => {
    const { code, said, complained } = confabPlan('--messages', 'x', '--zones', '1');
    expect([code, said]).toEqual([64, '']);
    expect(complained).toContain('no_number: --messages is "x"');
    expect(complained).toContain('out_of_bounds: --zones is 1; it is a whole number from 2 to 100.');
    expect(confabPlan('--messages=1e9').complained).toContain('no_fleet: ');
  });
});
