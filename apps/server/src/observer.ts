import type { Observer } from '@confab/contracts';
import { closeCodes } from '@confab/protocol';
import type { Logger } from './log-lines.ts';
import type { Metrics } from './metrics.ts';

/** RFC 6455: closed, leaving, no close frame, no UTF-8, too large. */
const WEB_SOCKET_CODES = [1000, 1001, 1006, 1007, 1009];
const LABELLED_CODES: ReadonlySet<number> = new Set([...Object.values(closeCodes), ...WEB_SOCKET_CODES]);

/** A peer closes with any code it likes, and each new label would be kept for ever. */
function closeLabelOf(code: number): string {
  return LABELLED_CODES.has(code) ? String(code) : 'other';
}

/**
 * One business event, one call: its log line and its metrics are written here and nowhere else. Ids may stand in lines
 * and never in labels; bodies and tokens stand in neither.
 */
export function createObserver(logger: Logger, metrics: Metrics): Observer {
  const isDebugging = logger.isLevelEnabled('debug');
  const causes = new RefusalCauses(logger);
  return {
    messageCommitted({ conversationId, count, durationMs }) {
      metrics.eventsCommitted.inc(count);
      metrics.commitSeconds.observe(durationMs / 1000);
      if (isDebugging) logger.debug({ conversationId, count, durationMs }, 'committed');
    },
    commitRefused({ conversationId, reason }) {
      metrics.commitsRefused.inc();
      logger.warn({ conversationId, reason }, 'the store did not take a commit');
    },
    delivered({ sockets, events }) {
      metrics.deliveries.inc(sockets * events);
    },
    lossRepaired({ sessions }) {
      metrics.lossesRepaired.inc();
      logger.info({ sessions }, 'a loss between nodes was found and told');
    },
    requestRefused({ verb, code, cause }) {
      metrics.refusals.inc({ verb, code });
      if (cause !== undefined) causes.tell({ verb, code, cause });
      else if (isDebugging) logger.debug({ verb, code }, 'refused');
    },
    connectionOpened({ transport }) {
      metrics.opened.inc({ transport });
      if (isDebugging) logger.debug({ transport }, 'connection opened');
    },
    connectionReady({ durationMs, conversations, replayed }) {
      metrics.resumes.inc();
      metrics.resumeSeconds.observe(durationMs / 1000);
      metrics.replayed.inc(replayed);
      if (isDebugging) logger.debug({ durationMs, conversations, replayed }, 'connection caught up');
    },
    connectionClosed({ code, transport }) {
      metrics.closed.inc({ code: closeLabelOf(code), transport });
      if (isDebugging) logger.debug({ code, transport }, 'connection closed');
    },
    workFailed({ kind, error }) {
      metrics.workFailures.inc({ kind });
      logger.warn({ kind, error }, 'work failed and is tried again');
    },
    fault({ where, error, facts }) {
      metrics.faults.inc();
      logger.error({ where, ...facts, error }, 'a fault of ours');
    },
  };
}

/** A store that is gone refuses every request: one line in a while says why, and how many it stands for. */
const CAUSE_EVERY_MS = 5_000;

class RefusalCauses {
  readonly #logger: Logger;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell(refusal: { readonly verb: string; readonly code: string; readonly cause: unknown }): void {
    this.#untold += 1;
    const now = performance.now();
    if (now - this.#toldAt < CAUSE_EVERY_MS) return;
    this.#toldAt = now;
    const { verb, code, cause } = refusal;
    const requests = this.#untold;
    this.#untold = 0;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#logger.warn({ verb, code, requests, reason }, 'requests are refused for what went wrong beneath');
  }
}
