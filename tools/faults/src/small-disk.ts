import { existsSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PLAIN_SERVER, type Program, type ServerProcess } from './server-process.ts';

const DISK_MEGABYTES = 16;
const BLOCK = new Uint8Array(64 * 1024);

/** The server with its data folder on a disk of its own, in memory, that ends with it. */
export const SERVER_ON_SMALL_DISK: Program = {
  ...PLAIN_SERVER,
  wrap: (folder, server) => {
    const mount = `mkdir -p "$1/data" && mount -t tmpfs -o size=${DISK_MEGABYTES}m none "$1/data" && shift && exec "$@"`;
    return ['unshare', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh', folder, ...server];
  },
};

/** Whether a process may have such a disk here. */
export function canMount(): boolean {
  if (Bun.which('unshare') === null || !existsSync('/proc/self/ns/mnt')) return false;
  const mount = ['sh', '-c', 'mount -t tmpfs none /mnt'];
  return Bun.spawnSync(['unshare', '--map-root-user', '--mount', ...mount]).exitCode === 0;
}

/** The disk of a server that has a small one, which can be filled to its last byte by somebody else's file. */
export class SmallDisk {
  readonly #filler: string;

  /** Only the server itself sees its disk; from outside it is found below the server's own root. */
  constructor({ pid, dataDir }: ServerProcess) {
    this.#filler = join(`/proc/${pid}/root`, dataDir, 'filler');
  }

  /** Takes all the room there is. */
  async fill(): Promise<void> {
    await using file = await open(this.#filler, 'a');
    for (let left = BLOCK; left.length > 0;) {
      try {
        await file.appendFile(left);
      } catch (error) {
        if (!isFull(error)) throw error;
        left = left.subarray(0, Math.floor(left.length / 2));
      }
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(join(this.#filler, '..'));
    return bavail * bsize;
  }

  /** Gives it back. */
  async free(): Promise<void> {
    await rm(this.#filler);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
