/** What the store allows itself, with the unit last. */
export const storeLimits = {
  /** Writes that wait for their answer; beyond it the next one is refused as `unavailable`. */
  waitingRequestsMax: 20_000,
  /** The same in characters of their encoded form. */
  waitingCharactersMax: 64 * 1024 * 1024,
  /** Writes in one transaction: more would make the first of them wait too long for the fsync. */
  requestsPerTransactionMax: 1_000,
  /**
   * Growth of the log file after which it is copied back, in MiB. Each page is copied once, however often it was written
   * meanwhile, so more of it at once is less work for each write, and a longer pause.
   */
  checkpointMib: 16,
  /** Frames of the log file beyond which readers are waited for, so that it starts over: 64 MiB. */
  logFramesMax: 16_384,
  /** Conversations whose number and head the writer remembers. */
  conversationsRememberedMax: 50_000,
  usersRememberedMax: 100_000,
  /** JSON of the events in one page of the archive. */
  archivePageBytesMax: 4 * 1024 * 1024,
} as const;

export const PAGE_BYTES = 4_096;
const BUSY_TIMEOUT_MS = 5_000;
const WRITER_CACHE_KIB = 64 * 1024;
const READER_CACHE_KIB = 32 * 1024;

/** `FULL`, as `PRAGMA synchronous` gives it back. */
export const SYNCHRONOUS_FULL = 2;

/** The page size only takes effect on an empty file. Checkpoints are the writer's own, after it has answered. */
export const writerPragmas: readonly string[] = [
  `PRAGMA page_size = ${PAGE_BYTES}`,
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA wal_autocheckpoint = 0',
  `PRAGMA cache_size = -${WRITER_CACHE_KIB}`,
  'PRAGMA temp_store = MEMORY',
];

export const readerPragmas: readonly string[] = [
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'PRAGMA query_only = ON',
  `PRAGMA cache_size = -${READER_CACHE_KIB}`,
  'PRAGMA temp_store = MEMORY',
];
