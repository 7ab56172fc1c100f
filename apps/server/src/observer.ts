import type { Observer } from '@confab/contracts';
import type { Logger } from './log-lines.ts';
import type { Metrics } from './metrics.ts';

/**
 * One business event, one call: its log line and its metrics are written here and nowhere else. Ids may stand in lines
 * and never in labels; bodies and tokens stand in neither.
 */
export function createObserver(logger: Logger, metrics: Metrics): Observer {
  const isDebugging = logger.isLevelEnabled('debug');
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
    requestRefused({ verb, code }) {
      metrics.refusals.inc({ verb, code });
      if (isDebugging) logger.debug({ verb, code }, 'refused');
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
      metrics.closed.inc({ code, transport });
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
