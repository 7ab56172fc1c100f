import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PASSWORD } from './test-server.ts';

const MAIN = join(import.meta.dir, '..', 'src', 'main.ts');
const folders: string[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-process-'));
  folders.push(folder);
});
afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

function confab(words: readonly string[], environment: Record<string, string> = {}, input = '') {
  const { PATH = '', HOME = '' } = process.env;
  return Bun.spawn([process.execPath, MAIN, ...words], {
    cwd: folder,
    env: { PATH, HOME, CONFAB_DATA_DIR: join(folder, 'data'), ...environment },
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

type Process = ReturnType<typeof confab>;

/** Waits for the line that says it listens, and gives its address. */
async function listening(process: Process): Promise<string> {
  return (await lineOf(process, 'listening')).url;
}

/** Waits for a line of the log that begins so. What comes after it is left to be read. */
async function lineOf({ stderr }: Process, beginning: string): Promise<{ msg: string; url: string }> {
  const reader = stderr.getReader();
  const decoder = new TextDecoder();
  let log = '';
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      log += decoder.decode(piece.value);
      for (const line of log.split('\n').slice(0, -1)) {
        const parsed = JSON.parse(line) as { msg: string; url: string };
        if (parsed.msg.startsWith(beginning)) return parsed;
      }
    }
  } finally {
    reader.releaseLock();
  }
  throw new Error(`it ended without "${beginning}": ${log}`);
}

async function post(url: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

describe('confab start', () => {
  test('says where it is, keeps what it took, and ends well when it is told to', async () => {
    const first = confab(['start'], { CONFAB_PORT: '0' });
    const url = await listening(first);
    expect(await post(`${url}/v1/accounts`, { username: 'alice', password: PASSWORD })).toBe(201);
    const toldAt = performance.now();
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(2_000);
    const said = await new Response(first.stdout).text();
    expect(said).toContain(`Address        ${url}`);
    expect(said).toContain(join(folder, 'data'));
    expect(said).toContain('Create account');

    const second = confab(['--port', '0'], { CONFAB_LOG_FORMAT: 'json' });
    const again = await listening(second);
    expect(await post(`${again}/v1/sessions`, { username: 'alice', password: PASSWORD })).toBe(201);
    second.kill('SIGINT');
    expect(await second.exited).toBe(0);
    expect(await new Response(second.stdout).text()).toBe('');
    expect(statSync(join(folder, 'data')).mode & 0o077).toBe(0);
  });

  test('takes its time to send connections away, and ends at once where it is told again', async () => {
    const server = confab(['start'], { CONFAB_PORT: '0', CONFAB_DRAIN_MS: '600000' });
    const url = await listening(server);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'confab.v1.json');
    await new Promise((greeted) => {
      socket.addEventListener('message', greeted, { once: true });
    });
    server.kill('SIGTERM');
    await lineOf(server, 'stopping');
    server.kill('SIGTERM');
    expect(await server.exited).toBe(130);
    socket.close();
  });

  test('has its folder for itself', async () => {
    const first = confab(['start'], { CONFAB_PORT: '0' });
    await listening(first);
    const second = confab(['start'], { CONFAB_PORT: '0' });
    expect(await second.exited).toBe(1);
    expect(await new Response(second.stderr).text()).toContain(`in use by process ${first.pid}`);
    first.kill();
    expect(await first.exited).toBe(0);
  });

  test('takes the port that was chosen or says why not, and another one where none was', async () => {
    using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('taken') });
    const chosen = confab(['start'], { CONFAB_PORT: String(taken.port) });
    expect(await chosen.exited).toBe(1);
    expect(await new Response(chosen.stderr).text()).toContain(`Port ${taken.port} of 127.0.0.1 is taken`);

    const first = confab(['start']);
    const second = confab(['start'], { CONFAB_DATA_DIR: join(folder, 'other') });
    const urls = [await listening(first), await listening(second)];
    expect(new Set(urls).size).toBe(2);
    for (const one of [first, second]) one.kill();
    expect([await first.exited, await second.exited]).toEqual([0, 0]);
    const said = [await new Response(first.stdout).text(), await new Response(second.stdout).text()];
    expect(said.some((text) => text.includes('port 8080 is taken'))).toBe(true);
  });

  test('with wrong settings says all that is wrong', async () => {
    const wrong = confab(['start'], { CONFAB_PORT: 'x', CONFAB_DATADIR: 'y' });
    expect(await wrong.exited).toBe(64);
    const said = await new Response(wrong.stderr).text();
    expect(said).toContain('CONFAB_PORT is "x"');
    expect(said).toContain('Did you mean CONFAB_DATA_DIR?');
  });
});

describe('other commands', () => {
  test('user add creates an account, also where registration is closed', async () => {
    const closed = { CONFAB_REGISTRATION: 'closed', CONFAB_PORT: '0' };
    const added = confab(['user', 'add', 'alice'], closed, `${PASSWORD}\n`);
    expect([await added.exited, await new Response(added.stdout).text()]).toEqual([
      0,
      'Created the account alice.\n',
    ]);
    const twice = confab(['user', 'add', 'alice'], closed, `${PASSWORD}\n`);
    expect(await twice.exited).toBe(1);
    const short = confab(['user', 'add', 'bob'], closed, 'short\n');
    expect(await short.exited).toBe(1);
    const server = confab(['start'], closed);
    const url = await listening(server);
    expect(await post(`${url}/v1/sessions`, { username: 'alice', password: PASSWORD })).toBe(201);
    expect(await post(`${url}/v1/accounts`, { username: 'bob', password: PASSWORD })).toBe(403);
    server.kill();
    await server.exited;
  });

  test('help, version and config print; what is no command is refused', async () => {
    const outputOf = async (...words: string[]): Promise<readonly [number, string]> => {
      const process = confab(words, { CONFAB_METRICS_TOKEN: 'm'.repeat(20) });
      return [await process.exited, await new Response(process.stdout).text()];
    };
    expect(await outputOf('help')).toEqual([0, expect.stringContaining('confab user add')]);
    expect(await outputOf('--version')).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
    const [code, printed] = await outputOf('config');
    expect([code, printed.includes('mmmm')]).toEqual([0, false]);
    expect(await outputOf('config', '--markdown')).toEqual([0, expect.stringContaining('| `CONFAB_PORT` |')]);
    expect((await outputOf('sart'))[0]).toBe(64);
  });
});
