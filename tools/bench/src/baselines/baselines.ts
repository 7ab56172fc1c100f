import { join } from 'node:path';
import type { ServerPlan } from '../servers/server-process.ts';
import type { BaselineKind } from './baseline-kinds.ts';
import { installByHandNode } from './install-by-hand-node.ts';

const here = import.meta.dir;
const byHand = join(here, 'by-hand');

/** To be loaded before a server, so that it collects its garbage at SIGUSR2; the baselines do. */
export const COLLECTS_ON_SIGNAL = join(here, 'collect-on-signal.mjs');

/**
 * How to start a baseline. Null where it cannot run here, after a line through `say` that tells how to get it. The
 * packages of `by-hand-node` are installed where they are missing and may be, which takes a minute or two, once.
 */
export async function baselinePlan(
  kind: BaselineKind,
  installing: { readonly mayInstall: boolean; readonly say: (text: string) => void },
): Promise<ServerPlan | null> {
  switch (kind) {
    case 'bare-bun':
      return { subject: kind, speaks: 'echo', command: bun(join(here, 'bare-bun.ts')), settings: {} };
    case 'by-hand-bun':
      return { subject: kind, speaks: 'log', command: bun(join(byHand, 'bun.mjs')), settings: {} };
    case 'by-hand-bun-grouped': {
      const command = [...bun(join(byHand, 'bun.mjs')), '--group-commit'];
      return { subject: kind, speaks: 'log', command, settings: {} };
    }
    case 'by-hand-node': {
      const packages = await installByHandNode(installing);
      if (packages === null) return null;
      const command = ['node', '--expose-gc', '--import', COLLECTS_ON_SIGNAL, join(byHand, 'node.mjs')];
      return { subject: kind, speaks: 'log', command, settings: { BY_HAND_PACKAGES: packages } };
    }
  }
}

function bun(script: string): readonly string[] {
  return [process.execPath, '--preload', COLLECTS_ON_SIGNAL, script];
}
