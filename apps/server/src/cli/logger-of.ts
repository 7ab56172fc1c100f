import { writeSync } from 'node:fs';
import type { Config } from '../config.ts';
import { createLogger, type Logger } from '../log-lines.ts';

/** The logger that the settings ask for, to the standard error of the process. */
export function loggerOf({ logLevel, logFormat }: Config): Logger {
  const format = logFormat === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : logFormat;
  return createLogger({ level: logLevel, format, write: writeLine });
}

/** At once: the last words of a process are the ones that matter. Nobody who listens is no reason to stop working. */
function writeLine(line: string): void {
  try {
    writeSync(process.stderr.fd, line);
  } catch {
    // The reader of the log is gone or does not keep up. There is no other place to say so.
  }
}
