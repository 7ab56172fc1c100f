import type {
  ArchivedAccount,
  ClaimedWork,
  CommitOutcome,
  CommitRequest,
  CursorAdvance,
  DeviceRecord,
  NewAccount,
  RotateRequest,
  UserRecord,
  WorkItem,
} from '@confab/contracts';

/** Everything the writer does, by kind: what it is told. */
export interface WriteRequests {
  commit: CommitRequest;
  advance: { readonly advances: readonly CursorAdvance[] };
  claim: { readonly nowMs: number; readonly limit: number; readonly leaseMs: number };
  complete: { readonly workIds: readonly string[] };
  retry: { readonly workIds: readonly string[]; readonly dueAtMs: number };
  create_account: NewAccount;
  put_external: UserRecord;
  sign_in: { readonly device: DeviceRecord; readonly devicesMax: number };
  rotate: RotateRequest;
  revoke: { readonly userId: string; readonly deviceId: string; readonly atMs: number };
  touch: { readonly userId: string; readonly deviceId: string; readonly lastSeenAt: string };
  put_account: ArchivedAccount;
  put_work: { readonly items: readonly WorkItem[] };
}

/** And what it answers, where the write came about. `null` is a plain yes, and short on the way. */
export interface WriteResults {
  commit: Exclude<CommitOutcome, { readonly kind: 'committed' | 'unknown' | 'unavailable' }> | null;
  advance: null;
  claim: readonly ClaimedWork[];
  complete: null;
  retry: null;
  create_account: 'created' | 'username_taken';
  put_external: null;
  sign_in: boolean;
  rotate: boolean;
  revoke: boolean;
  touch: null;
  put_account: null;
  put_work: null;
}

export type WriteKind = keyof WriteRequests;

/** A write on its way: its kind and what it is told. */
export type Write = { [K in WriteKind]: readonly [K, WriteRequests[K]] }[WriteKind];

/** How a write ended. `refused`: certainly not written, and it may work later. `fault`: it never will. */
export type Answer =
  | { readonly kind: 'done'; readonly result: WriteResults[WriteKind] }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'fault'; readonly message: string };
