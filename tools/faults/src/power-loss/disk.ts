import type { DiskOperation } from './disk-operation.ts';

/** Chance, from a seed. */
export interface Chance {
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly sizeBytes: number };

type NameChange =
  | { readonly kind: 'set'; readonly name: string; readonly file: DiskFile }
  | { readonly kind: 'delete'; readonly name: string };

/** What the system writes back at once, and what a drive writes at once. */
const PAGE_BYTES = 4_096;
const SECTOR_BYTES = 512;
/** How much of what was not synced a disk may happen to hold: nothing, a little, half, most, all. */
const KEPT_SHARES = [0, 0.1, 0.5, 0.9, 1];

/** Bytes that grow. */
class Contents {
  #bytes: Uint8Array<ArrayBuffer>;
  #sizeBytes: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
    this.#sizeBytes = bytes.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }

  apply(change: Change): void {
    if (change.kind === 'size') this.resize(change.sizeBytes);
    else {
      if (change.offset + change.bytes.length > this.#sizeBytes)
        this.resize(change.offset + change.bytes.length);
      this.#bytes.set(change.bytes, change.offset);
    }
  }

  /** What is cut off is gone, and what is new is zeros. */
  resize(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2));
      larger.set(this.bytes);
      this.#bytes = larger;
    } else if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes);
    this.#sizeBytes = sizeBytes;
  }
}

class DiskFile {
  readonly #synced: Contents;
  #changes: Change[] = [];
  #syncsUnderWay = new Map<number, number>();

  constructor(bytes: Uint8Array) {
    this.#synced = new Contents(bytes);
  }

  add(change: Change): void {
    this.#changes.push(change);
  }

  beginSync(sync: number): void {
    this.#syncsUnderWay.set(sync, this.#changes.length);
  }

  endSync(sync: number): void {
    const count = this.#syncsUnderWay.get(sync) ?? 0;
    this.#syncsUnderWay.delete(sync);
    for (const change of this.#changes.splice(0, count)) this.#synced.apply(change);
    for (const [other, covered] of this.#syncsUnderWay)
      this.#syncsUnderWay.set(other, Math.max(0, covered - count));
  }

  /** As the system holds it while it runs. */
  now(): Uint8Array<ArrayBuffer> {
    const contents = new Contents(this.#synced.bytes);
    for (const change of this.#changes) contents.apply(change);
    return contents.bytes;
  }

  /** As a disk may hold it after the power went. */
  afterPowerLoss(chance: Chance): Uint8Array<ArrayBuffer> {
    const contents = new Contents(this.#synced.bytes);
    const share = chance.pick(KEPT_SHARES);
    const kept = this.#changes.flatMap(inPages).filter(() => chance.chance(share));
    const last = kept.at(-1);
    if (last?.kind === 'write' && chance.chance(0.5)) kept[kept.length - 1] = torn(last, chance);
    for (const change of kept) contents.apply(change);
    // The size of a file is written apart from what is in it.
    const fullBytes = this.now().length;
    if (fullBytes > contents.sizeBytes && chance.chance(0.5)) {
      const sectors = Math.ceil((fullBytes - contents.sizeBytes) / SECTOR_BYTES);
      contents.resize(Math.min(fullBytes, contents.sizeBytes + chance.below(sectors + 1) * SECTOR_BYTES));
    }
    return contents.bytes;
  }
}

/**
 * A folder on a disk, by what an honest disk owes after a power loss: all that was synced, and of the rest any part. Of
 * what was written since the last sync of a file each page may be there or not, the last one torn between two sectors,
 * and the size may have grown or not. A name - of a new, renamed or removed file - lasts once the *folder* was synced;
 * before that, names changed in the order in which they were. (ext4 and xfs owe more: the sync of a file keeps its name
 * too, and older changes of names with it.) Bytes beside a torn write are left alone, which SQLite takes for granted.
 */
export class Disk {
  readonly #names = new Map<string, DiskFile>();
  readonly #syncedNames = new Map<string, DiskFile>();
  #nameChanges: NameChange[] = [];
  readonly #folderSyncs = new Map<number, number>();

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    for (const [name, bytes] of files) {
      const file = new DiskFile(bytes);
      this.#names.set(name, file);
      this.#syncedNames.set(name, file);
    }
  }

  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'create':
        return this.#changeName({ kind: 'set', name: operation.file, file: new DiskFile(new Uint8Array()) });
      case 'write':
        return this.#file(operation.file).add(operation);
      case 'truncate':
        return this.#file(operation.file).add({ kind: 'size', sizeBytes: operation.sizeBytes });
      case 'link':
        return this.#changeName({ kind: 'set', name: operation.to, file: this.#file(operation.file) });
      case 'rename':
        this.#changeName({ kind: 'set', name: operation.to, file: this.#file(operation.file) });
        return this.#changeName({ kind: 'delete', name: operation.file });
      case 'unlink':
        return this.#changeName({ kind: 'delete', name: operation.file });
      case 'sync_begins':
        if (operation.file === null) this.#folderSyncs.set(operation.sync, this.#nameChanges.length);
        else this.#file(operation.file).beginSync(operation.sync);
        return;
      case 'sync_ends':
        if (operation.file === null) this.#endFolderSync(operation.sync);
        else this.#names.get(operation.file)?.endSync(operation.sync);
        return;
      case 'told':
    }
  }

  /** What is in the folder when it is looked at after the power came back. */
  afterPowerLoss(chance: Chance): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
    const names = new Map(this.#syncedNames);
    const lasting = chance.below(this.#nameChanges.length + 1);
    for (const change of this.#nameChanges.slice(0, lasting)) changeIn(names, change);
    return new Map([...names].map(([name, file]) => [name, file.afterPowerLoss(chance)]));
  }

  /** What is in the folder after the process alone has ended. */
  now(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
    return new Map([...this.#names].map(([name, file]) => [name, file.now()]));
  }

  #file(name: string): DiskFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`${name} is not in the folder`);
    return file;
  }

  #changeName(change: NameChange): void {
    changeIn(this.#names, change);
    this.#nameChanges.push(change);
  }

  #endFolderSync(sync: number): void {
    const count = this.#folderSyncs.get(sync) ?? 0;
    this.#folderSyncs.delete(sync);
    for (const change of this.#nameChanges.splice(0, count)) changeIn(this.#syncedNames, change);
    for (const [other, covered] of this.#folderSyncs)
      this.#folderSyncs.set(other, Math.max(0, covered - count));
  }
}

function changeIn(names: Map<string, DiskFile>, change: NameChange): void {
  if (change.kind === 'set') names.set(change.name, change.file);
  else names.delete(change.name);
}

/** A write in the parts that reach the disk each on its own. */
function inPages(change: Change): readonly Change[] {
  if (change.kind === 'size') return [change];
  const parts: Change[] = [];
  const end = change.offset + change.bytes.length;
  for (let from = change.offset; from < end;) {
    const to = Math.min(end, (Math.floor(from / PAGE_BYTES) + 1) * PAGE_BYTES);
    const bytes = change.bytes.subarray(from - change.offset, to - change.offset);
    parts.push({ kind: 'write', offset: from, bytes });
    from = to;
  }
  return parts;
}

/** Only the first sectors of a write. */
function torn({ offset, bytes }: Change & { kind: 'write' }, chance: Chance): Change {
  const firstEnd = (Math.floor(offset / SECTOR_BYTES) + 1) * SECTOR_BYTES;
  const sectors = Math.ceil(Math.max(0, offset + bytes.length - firstEnd) / SECTOR_BYTES) + 1;
  const keptSectors = chance.below(sectors);
  const end = keptSectors === 0 ? offset : firstEnd + (keptSectors - 1) * SECTOR_BYTES;
  return { kind: 'write', offset, bytes: bytes.subarray(0, Math.min(bytes.length, end - offset)) };
}
