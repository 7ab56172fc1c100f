import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSite, type Site } from './site.ts';

let folder: string;
let site: Site;
const script = 'console.log("hello");\n'.repeat(200);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-site-'));
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'not yours');
  writeFileSync(join(folder, 'dist', 'index.html'), '<!doctype html><title>Confab</title>');
  writeFileSync(join(folder, 'dist', '.build-hash'), 'x');
  writeFileSync(join(folder, 'dist', 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'dist', 'assets', 'main-Bx3_a-9Z.js'), script);
  site = createSite(join(folder, 'dist'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}): Promise<Response | null> =>
  site.answer(new Request(`http://localhost${path}`, { headers }), path);

describe('the web app', () => {
  test('is its index at the root, with the headers that keep it safe', async () => {
    const answer = await get('/');
    expect(await answer?.text()).toContain('<title>Confab</title>');
    const { headers } = answer as Response;
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('is the same at the addresses within it, for browsers', async () => {
    const page = await get('/c/gB7yKf2H', { accept: 'text/html,*/*' });
    expect(page?.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await get('/c/gB7yKf2H', { accept: 'application/json' })).toBeNull();
    expect(await get('/c/gB7yKf2H')).toBeNull();
    expect(await get('/assets/gone-12345678.js', { accept: 'text/html' })).toBeNull();
  });

  test('has files with their types, kept for ever where their name tells their content', async () => {
    const asset = await get('/assets/main-Bx3_a-9Z.js');
    expect(asset?.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(asset?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await asset?.text()).toBe(script);
    const icon = await get('/icon.svg');
    expect([icon?.headers.get('content-type'), icon?.headers.get('cache-control')]).toEqual([
      'image/svg+xml',
      'no-cache',
    ]);
  });

  test('is compressed for who takes it, under another tag', async () => {
    const plain = await get('/assets/main-Bx3_a-9Z.js');
    const zipped = await get('/assets/main-Bx3_a-9Z.js', { 'accept-encoding': 'br, gzip' });
    expect(zipped?.headers.get('content-encoding')).toBe('gzip');
    expect(new TextDecoder().decode(Bun.gunzipSync(await (zipped as Response).arrayBuffer()))).toBe(script);
    expect(zipped?.headers.get('etag')).not.toBe(plain?.headers.get('etag') as string);
    const refused = await get('/assets/main-Bx3_a-9Z.js', { 'accept-encoding': 'gzip;q=0' });
    expect(refused?.headers.get('content-encoding')).toBeNull();
  });

  test('is not sent again to who has it', async () => {
    const tag = (await get('/'))?.headers.get('etag') ?? '';
    const again = await get('/', { 'if-none-match': `"other", W/${tag}` });
    expect([again?.status, await again?.text(), again?.headers.get('etag')]).toEqual([304, '', tag]);
    expect((await get('/', { 'if-none-match': '"other"' }))?.status).toBe(200);
  });

  test('has no way out of its folder, and hides what begins with a dot', async () => {
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '//secret.txt',
      '/.build-hash',
      '/assets',
      '/assets/',
      '/__proto__',
      '/index.html/',
    ]) {
      expect([path, await get(path)]).toEqual([path, null]);
    }
  });

  test('that is not built says so', async () => {
    const absent = createSite(join(folder, 'none'));
    const answer = await absent.answer(new Request('http://localhost/'), '/');
    expect(await answer?.text()).toContain('not built');
    expect(await absent.answer(new Request('http://localhost/x'), '/x')).toBeNull();
  });
});
