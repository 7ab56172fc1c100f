import type { Clock, ConversationLog, WorkQueue } from '@confab/contracts';
import type { Readiness } from '@confab/api';

interface ReadinessParts {
  readonly log: Pick<ConversationLog, 'heads'>;
  readonly work: Pick<WorkQueue, 'complete'>;
  readonly clock: Clock;
  readonly isDraining: () => boolean;
}

/** A store that takes longer than this takes no traffic. */
const ANSWER_MS_MAX = 2_000;

/** Whether this node takes traffic: its store answers a read and a write that changes nothing, and it is not on its way out. */
export async function readinessOf({ log, work, clock, isDraining }: ReadinessParts): Promise<Readiness> {
  const [read, write] = await Promise.all([
    answers(clock, () => log.heads(['none'])),
    answers(clock, () => work.complete(['none'])),
  ]);
  const node = isDraining() ? 'failed' : 'ok';
  return { ready: read === 'ok' && write === 'ok' && node === 'ok', checks: { read, write, node } };
}

async function answers(clock: Clock, ask: () => Promise<unknown>): Promise<'ok' | 'failed'> {
  const tooLate = Promise.withResolvers<'failed'>();
  const cancel = clock.after(ANSWER_MS_MAX, () => tooLate.resolve('failed'));
  try {
    return await Promise.race([ask().then(() => 'ok' as const), tooLate.promise]);
  } catch {
    return 'failed';
  } finally {
    cancel();
  }
}
