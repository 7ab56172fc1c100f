/** What a process asked of the files of one folder, and what it told the world, in the order in which it happened. */
export type DiskOperation =
  /** The folder now has a new, empty file of this name. */
  | { readonly kind: 'create'; readonly file: string }
  | { readonly kind: 'write'; readonly file: string; readonly offset: number; bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: string; readonly sizeBytes: number }
  | { readonly kind: 'rename' | 'link'; readonly file: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly file: string }
  /** A sync of a file, or with `null` of the folder itself. What was written before it began is on the disk once it is over. */
  | { readonly kind: 'sync_begins' | 'sync_ends'; readonly file: string | null; readonly sync: number }
  /** Bytes on their way to somebody: an answer, a delivery. */
  | { readonly kind: 'told'; readonly to: string; readonly text: string };
