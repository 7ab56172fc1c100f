import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { startTestServer, type TestServer } from './test-server.ts';

const ROOT = join(import.meta.dir, '..', '..', '..');
const PROGRAM = 'packages/client/tests/node20.mjs';

/**
 * The SDK as a user of plain Node has it: built, against the real server. The program takes the long poll too, which
 * waits for polls to end.
 */
describe('the built SDK on Node', () => {
  let server: TestServer;

  beforeAll(async () => {
    const build = Bun.spawn(['npm', 'run', '--silent', 'build', '-w', 'packages/client'], {
      cwd: ROOT,
      stdout: 'ignore',
      stderr: 'inherit',
    });
    expect(await build.exited).toBe(0);
    server = await startTestServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  test.each(['websocket', 'stream'])(
    'registers, sends, receives, reconnects and restarts over %s',
    async (transport) => {
      const program = Bun.spawn(['node', PROGRAM, server.url, transport], {
        cwd: ROOT,
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const [code, said] = await Promise.all([program.exited, new Response(program.stderr).text()]);
      expect({ code, said }).toEqual({ code: 0, said: '' });
    },
    60_000,
  );
});
