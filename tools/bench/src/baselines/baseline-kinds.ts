/** Servers that Confab is compared with, in the same run and by the same generator. */
export const BASELINES = {
  'bare-bun': 'Bun.serve with nothing behind it: the limit of the sockets',
  'by-hand-bun': 'written by hand: Bun.serve and bun:sqlite, one transaction a message',
  'by-hand-bun-grouped': 'the same, with one transaction for what came in one turn of the event loop',
  'by-hand-node': 'written by hand: Node, `ws` and better-sqlite3, one transaction a message',
} as const;

/** Its name in `BASELINES`. */
export type BaselineKind = keyof typeof BASELINES;
