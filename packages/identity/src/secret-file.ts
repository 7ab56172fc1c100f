import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** An HMAC-SHA-256 key shorter than its hash is weaker than it. */
const SECRET_BYTES_MIN = 32;
const SECRET_BYTES_MAX = 4096;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/**
 * The installation's secret: the bytes of the file at `path` (32 to 4096 of them). Where there is none, 32 random bytes
 * are written, for the owner's eyes only; of two processes that do so at once both get the same. The folder must exist.
 * Rejects with what to do about it where the file is too short, too long, no file, or open to other users.
 */
export async function loadOrCreateSecret(path: string): Promise<Uint8Array> {
  return (await load(path)) ?? (await create(path));
}

/** The secret in a file that has to be there already: nodes that share it must not each make one of their own. */
export async function loadSecret(path: string): Promise<Uint8Array> {
  const secret = await load(path);
  if (secret !== null) return secret;
  throw new Error(
    `There is no secret file ${path}; copy the one of the installation, or write 32 random bytes.`,
  );
}

/** The secret itself where it is long enough. */
export function requireSecret(secret: Uint8Array, name: string): Uint8Array {
  if (secret.length >= SECRET_BYTES_MIN) return secret;
  throw new Error(`${name} has ${secret.length} bytes; it needs at least ${SECRET_BYTES_MIN}.`);
}

async function load(path: string): Promise<Uint8Array | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw new Error(`The secret file ${path} cannot be read.`, { cause: error });
  });
  if (file === null) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`The secret ${path} is not a file.`);
    if ((stat.mode & OTHERS) !== 0 && process.platform !== 'win32') {
      throw new Error(`Other users may open the secret file ${path}; run: chmod 600 ${path}`);
    }
    if (stat.size > SECRET_BYTES_MAX) {
      throw new Error(
        `The secret file ${path} has ${stat.size} bytes; at most ${SECRET_BYTES_MAX} make sense.`,
      );
    }
    return requireSecret(new Uint8Array(await file.readFile()), `The secret file ${path}`);
  } finally {
    await file.close();
  }
}

/** Written aside and then linked: the name never stands for half a secret, and never for a second one. */
async function create(path: string): Promise<Uint8Array> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(draft, 'wx', OWNER_ONLY).catch((error: unknown) => {
    throw new Error(`The secret file ${path} cannot be created.`, { cause: error });
  });
  try {
    try {
      await file.writeFile(randomBytes(SECRET_BYTES_MIN));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') return;
      throw new Error(
        `The secret file ${path} cannot be created; put ${SECRET_BYTES_MIN} random bytes there.`,
        {
          cause: error,
        },
      );
    });
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  const secret = await load(path);
  if (secret === null) throw new Error(`The secret file ${path} vanished while it was created.`);
  return secret;
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
