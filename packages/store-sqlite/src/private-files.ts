import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Makes the folder of a file where there is none, and makes its name last: a file in a folder that a power cut takes
 * away is lost, however well it was synced itself.
 */
export function createPrivateFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  createPrivateFolder(parent);
  mkdirSync(folder, { mode: FOLDER_MODE, recursive: true });
  const handle = openSync(parent, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/**
 * Before SQLite would make it with the rights of the umask. Files that exist are not touched, and above all not opened:
 * closing a second handle would drop the locks that this process holds on the file.
 */
export function createPrivateFile(path: string): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, 'a', FILE_MODE));
}
