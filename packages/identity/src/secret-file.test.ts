import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateSecret, loadSecret } from './secret-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'confab-secret-'));
  path = join(folder, 'secret');
});
afterEach(() => rm(folder, { recursive: true }));

async function refusal(): Promise<string> {
  return loadOrCreateSecret(path).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

describe('secret file', () => {
  test('is made once, of 32 random bytes, for its owner only, and nothing is left beside it', async () => {
    const secret = await loadOrCreateSecret(path);
    expect(secret).toHaveLength(32);
    expect(await loadOrCreateSecret(path)).toEqual(secret);
    expect(Buffer.compare(await readFile(path), secret)).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['secret']);
  });

  test('of several that make it at once all get the same', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateSecret(path)));
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    expect(await readdir(folder)).toEqual(['secret']);
  });

  test('that nodes share is not made by one of them', async () => {
    const refused = await loadSecret(path).catch((error: Error) => error.message);
    expect(refused).toContain('no secret file');
    const secret = await loadOrCreateSecret(path);
    expect(await loadSecret(path)).toEqual(secret);
  });

  test('may be brought along, longer too', async () => {
    await writeFile(path, 'a phrase that was made elsewhere, of more than 32 bytes', { mode: 0o400 });
    expect(await loadOrCreateSecret(path)).toHaveLength(55);
  });

  test('is refused when it is too short or too long, and stays as it is', async () => {
    for (const [bytes, message] of [
      [0, /has 0 bytes; it needs at least 32/],
      [31, /has 31 bytes/],
      [4097, /at most 4096/],
    ] as const) {
      await writeFile(path, Buffer.alloc(bytes), { mode: 0o600 });
      expect(await refusal()).toMatch(message);
      expect((await stat(path)).size).toBe(bytes);
    }
  });

  test('is refused when other users may open it', async () => {
    await loadOrCreateSecret(path);
    for (const mode of [0o640, 0o604, 0o620, 0o666]) {
      await chmod(path, mode);
      expect(await refusal()).toContain(`chmod 600 ${path}`);
    }
  });

  test('is refused when it is a folder, or its folder is missing', async () => {
    await mkdir(path, { mode: 0o700 });
    expect(await refusal()).toMatch(/is not a file|cannot be read/);
    path = join(folder, 'missing', 'secret');
    expect(await refusal()).toMatch(/cannot be created/);
  });
});
