import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** The files of the web app. Answers null where there is no such page. */
export interface Site {
  answer(request: Request, path: string): Promise<Response | null>;
}

/** A file as it is sent; kept once it was asked for. */
interface SiteFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same in gzip, where that is smaller by more than it costs. */
  readonly zipped: Uint8Array<ArrayBuffer> | null;
  readonly tag: string;
  readonly type: string;
}

const INDEX = '/index.html';
const ASSETS = '/assets/';
/** The bundler puts a hash of the content into these names: another content has another name. */
const HASHED_NAME = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+(\.map)?$/;
const ZIP_BYTES_MIN = 1024;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};
const ZIPPED_TYPES = new Set([
  '.html',
  '.js',
  '.css',
  '.json',
  '.map',
  '.webmanifest',
  '.svg',
  '.txt',
  '.wasm',
]);

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: https:; " +
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/**
 * Serves the files that are in `folder` at the first request, from memory. A request chooses among their names and
 * never makes up a path, so there is no way out of the folder. Names that begin with a dot are not served.
 */
export function createSite(folder: string): Site {
  // Values and not promises: what could not be read once is read again.
  let names: ReadonlyMap<string, string> | undefined;
  const files = new Map<string, SiteFile>();

  const fileAt = async (path: string, place: string): Promise<SiteFile> => {
    const file = files.get(path) ?? (await load(place));
    files.set(path, file);
    return file;
  };

  return {
    async answer(request, path) {
      names ??= await listFiles(folder);
      const known = names;
      const wanted = known.has(path) ? path : isPage(request, path) ? INDEX : null;
      const place = wanted === null ? undefined : known.get(wanted);
      if (wanted === null || place === undefined) return path === '/' ? absentResponse() : null;
      return fileResponse(await fileAt(wanted, place), wanted, request);
    },
  };
}

/** Addresses within the app have no file: the app itself reads them. An asset that is missing is missing. */
function isPage(request: Request, path: string): boolean {
  if (path === '/') return true;
  return !path.startsWith(ASSETS) && (request.headers.get('accept') ?? '').includes('text/html');
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const files = new Map<string, string>();
  for (const entry of entries) {
    const place = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, place).split(sep).join('/')}`;
    if (entry.isFile() && !path.includes('/.')) files.set(path, place);
  }
  return files;
}

async function load(place: string): Promise<SiteFile> {
  const bytes = await Bun.file(place).bytes();
  const extension = extname(place);
  const zipped =
    bytes.byteLength >= ZIP_BYTES_MIN && ZIPPED_TYPES.has(extension) ? Bun.gzipSync(bytes) : null;
  return {
    bytes,
    zipped: zipped !== null && zipped.byteLength < bytes.byteLength ? zipped : null,
    tag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
    type: types[extension] ?? 'application/octet-stream',
  };
}

function fileResponse(file: SiteFile, path: string, request: Request): Response {
  const zipped = acceptsGzip(request.headers.get('accept-encoding')) ? file.zipped : null;
  // One tag a representation: what is compressed is another sequence of bytes.
  const tag = `"${file.tag}${zipped === null ? '' : '-gzip'}"`;
  const isImmutable = path.startsWith(ASSETS) && HASHED_NAME.test(path);
  const headers: Record<string, string> = {
    ...securityHeaders,
    etag: tag,
    vary: 'Accept-Encoding, Origin',
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (isTagListed(request.headers.get('if-none-match'), tag))
    return new Response(null, { status: 304, headers });
  headers['content-type'] = file.type;
  if (zipped !== null) headers['content-encoding'] = 'gzip';
  return new Response(zipped ?? file.bytes, { headers });
}

function acceptsGzip(header: string | null): boolean {
  return header !== null && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(header);
}

function isTagListed(header: string | null, tag: string): boolean {
  if (header === null) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

function absentResponse(): Response {
  const text =
    'This is a Confab server. Its web app is not built: "npm start" builds it. The API: /openapi.json\n';
  return new Response(text, { headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' } });
}
