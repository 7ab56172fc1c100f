import { basename, dirname } from 'node:path';
import type { DiskOperation } from './disk-operation.ts';

/** The calls that change files or tell somebody something; strace writes down those and no others. */
export const TRACED_CALLS = [
  'openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile',
  'fsync,fdatasync,sync_file_range,msync,rename,renameat,renameat2,link,linkat,unlink,unlinkat',
  'sendto,sendmsg,sendmmsg',
].join();

/** Rebuilt from the log file whenever a database is opened, and mapped into memory: what a disk keeps of it is nothing. */
const REBUILT = /-shm$/;

const WRITES = new Set(['write', 'pwrite64', 'writev']);
const SENDS = new Set(['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg']);
const SYNCS = new Set(['fsync', 'fdatasync']);
const OPENS = new Set(['openat', 'open', 'creat']);
const NAMES = new Set(['rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat']);

type Call = { readonly name: string; readonly words: string; readonly at: OpenCall };
/** What was begun of a call and waits for its end. */
type OpenCall = { write?: DiskOperation & { kind: 'write' }; sync?: number };

/**
 * Reads what `strace -f -y -xx` has written of one process. A write is taken to be under way from its beginning and a
 * sync to be over only at its end; an answer counts from its beginning: whatever the threads did at once, the reading
 * is the one least kind to the server.
 */
export class SystemCalls {
  readonly operations: DiskOperation[] = [];
  readonly #folder: string;
  readonly #begun = new Map<string, Call>();
  readonly #files = new Set<string>();
  /** Where the next plain write to a handle goes. */
  readonly #positions = new Map<string, number>();
  readonly #sizes = new Map<string, number>();
  #syncs = 0;

  /** `known`: the files that are in the folder before, and their sizes. */
  constructor(folder: string, known: ReadonlyMap<string, number>) {
    this.#folder = folder;
    for (const [file, sizeBytes] of known) this.#sizes.set(file, sizeBytes);
    for (const file of known.keys()) this.#files.add(file);
  }

  /** The files that are in the folder now, and their sizes. */
  get files(): ReadonlyMap<string, number> {
    return new Map([...this.#files].map((file) => [file, this.#sizes.get(file) ?? 0]));
  }

  readLine(line: string): void {
    const space = line.indexOf(' ');
    const thread = line.slice(0, space);
    const rest = line.slice(space).trimStart();
    if (rest.startsWith('<... ')) {
      const call = this.#begun.get(thread);
      if (call !== undefined) this.#end(call, resultOf(rest));
      this.#begun.delete(thread);
      return;
    }
    const bracket = rest.indexOf('(');
    if (bracket < 1 || rest.startsWith('---') || rest.startsWith('+++')) return;
    const call: Call = { name: rest.slice(0, bracket), words: rest.slice(bracket + 1), at: {} };
    this.#begin(call);
    if (rest.endsWith('<unfinished ...>')) this.#begun.set(thread, call);
    else this.#end(call, resultOf(rest));
  }

  #begin({ name, words, at }: Call): void {
    const handle = handleOf(words);
    if (handle === undefined) return;
    const file = this.#fileOf(handle.path);
    if (file === undefined) {
      if (SENDS.has(name) && !handle.path.startsWith('/')) this.#tell(handle.key, words);
      return;
    }
    if (SYNCS.has(name)) {
      this.#syncs += 1;
      at.sync = this.#syncs;
      this.operations.push({ kind: 'sync_begins', file, sync: this.#syncs });
    } else if (file !== null && WRITES.has(name)) {
      const write = {
        kind: 'write' as const,
        file,
        offset: this.#offsetOf(name, handle.key, words),
        bytes: bytesOf(words),
      };
      at.write = write;
      this.operations.push(write);
    } else if (name !== 'ftruncate' && !OPENS.has(name) && !NAMES.has(name)) {
      throw new Error(`${name} changes ${String(file)} in a way that is not understood`);
    }
  }

  #end({ name, words, at }: Call, result: string): void {
    const count = Number.parseInt(result, 10);
    if (at.sync !== undefined) {
      if (count === 0)
        this.operations.push({ kind: 'sync_ends', file: this.#syncedBy(words), sync: at.sync });
    } else if (at.write !== undefined) this.#endWrite(at.write, Math.max(0, count), handleOf(words)?.key);
    else if (count < 0 || Number.isNaN(count)) return;
    else if (OPENS.has(name)) this.#open(words, result);
    else if (NAMES.has(name)) this.#rename(name, words);
    else if (name === 'ftruncate') this.#truncate(words);
  }

  #endWrite(write: DiskOperation & { kind: 'write' }, count: number, key: string | undefined): void {
    if (count < write.bytes.length) write.bytes = write.bytes.subarray(0, count);
    const end = write.offset + count;
    this.#sizes.set(write.file, Math.max(end, this.#sizes.get(write.file) ?? 0));
    if (key !== undefined && this.#positions.has(key)) this.#positions.set(key, end);
  }

  #open(words: string, result: string): void {
    const [path] = quoted(words);
    const file = path === undefined ? undefined : this.#fileOf(path.toString());
    if (file === undefined || file === null) return;
    const isTruncated = words.includes('O_TRUNC');
    if (!this.#files.has(file)) {
      if (!words.includes('O_CREAT')) return;
      this.#files.add(file);
      this.#sizes.set(file, 0);
      this.operations.push({ kind: 'create', file });
    } else if (isTruncated) {
      this.#sizes.set(file, 0);
      this.operations.push({ kind: 'truncate', file, sizeBytes: 0 });
    }
    const key = result.slice(0, result.indexOf('<'));
    this.#positions.set(key, words.includes('O_APPEND') ? Number.POSITIVE_INFINITY : 0);
  }

  #rename(name: string, words: string): void {
    const [from, to] = quoted(words).map((path) => this.#fileOf(path.toString()));
    if (from === undefined && to === undefined) return;
    if (typeof from !== 'string' || to === null) throw new Error(`${name} across the border of the folder`);
    if (name.startsWith('unlink')) {
      this.#files.delete(from);
      this.operations.push({ kind: 'unlink', file: from });
      return;
    }
    if (to === undefined) throw new Error(`${name} out of the folder`);
    this.#files.add(to);
    this.#sizes.set(to, this.#sizes.get(from) ?? 0);
    const kind = name.startsWith('link') ? 'link' : 'rename';
    if (kind === 'rename') this.#files.delete(from);
    this.operations.push({ kind, file: from, to });
  }

  #truncate(words: string): void {
    const file = this.#fileOf(handleOf(words)?.path ?? '');
    if (file === undefined || file === null) return;
    const sizeBytes = Number(/>,\s*(\d+)/.exec(words)?.[1]);
    this.#sizes.set(file, sizeBytes);
    this.operations.push({ kind: 'truncate', file, sizeBytes });
  }

  #offsetOf(name: string, key: string, words: string): number {
    if (name === 'pwrite64') return Number(/,\s*\d+,\s*(\d+)/.exec(words.slice(words.lastIndexOf('"')))?.[1]);
    const position = this.#positions.get(key) ?? 0;
    const file = this.#fileOf(handleOf(words)?.path ?? '') ?? '';
    return position === Number.POSITIVE_INFINITY ? (this.#sizes.get(file) ?? 0) : position;
  }

  #tell(to: string, words: string): void {
    const bytes = bytesOf(words);
    if (bytes.length > 8) this.operations.push({ kind: 'told', to, text: bytes.toString('latin1') });
  }

  /** The name of a file of the folder, null for the folder itself, undefined for what does not concern us. */
  #fileOf(path: string): string | null | undefined {
    if (path === this.#folder) return null;
    if (dirname(path) !== this.#folder || REBUILT.test(path)) return undefined;
    return basename(path);
  }

  #syncedBy(words: string): string | null {
    return this.#fileOf(handleOf(words)?.path ?? '') ?? null;
  }
}

function resultOf(line: string): string {
  return line
    .slice(line.lastIndexOf(') = ') + 4)
    .trim()
    .replace(/^.*= /, '');
}

/** The first word of a call that is about an open file: its number, and what it stands for. */
function handleOf(words: string): { readonly key: string; readonly path: string } | undefined {
  const found = /^(\d+)<([^>]*)>/.exec(words.slice(0, 4_096));
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  return { key: found[1], path: unescaped(found[2]).toString() };
}

/** All that stands in quotation marks, one after the other. */
function bytesOf(words: string): Buffer {
  return Buffer.concat(quoted(words));
}

function quoted(words: string): readonly Buffer[] {
  const texts: Buffer[] = [];
  for (let from = words.indexOf('"'); from >= 0;) {
    const to = words.indexOf('"', from + 1);
    if (to < 0 || words.startsWith('...', to + 1)) throw new Error('the trace of a call is cut off');
    texts.push(unescaped(words.slice(from + 1, to)));
    from = words.indexOf('"', to + 1);
  }
  return texts;
}

function unescaped(text: string): Buffer {
  return text.startsWith('\\x')
    ? Buffer.from(text.replaceAll('\\x', ''), 'hex')
    : Buffer.from(text, 'latin1');
}
