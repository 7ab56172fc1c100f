import pino, { type DestinationStream, type Logger, stdSerializers } from 'pino';

export type { Logger };

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'pretty' | 'json';
  readonly write: (line: string) => void;
}

/** Fields that are never printed, should a caller ever put one into a line. */
const SECRET_FIELDS = [
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'apiKey',
  'body',
  'secret',
];

const COLOURS: Readonly<Record<number, string>> = {
  20: '\u001b[2m',
  30: '\u001b[36m',
  40: '\u001b[33m',
  50: '\u001b[31m',
};
const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
const PLAIN = '\u001b[0m';

/** The one logger of the server. */
export function createLogger({ level, format, write }: LogOptions): Logger {
  const destination: DestinationStream = {
    write: format === 'json' ? write : (line) => write(prettyLine(line)),
  };
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: stdSerializers.err },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '(secret)' },
  };
  return pino(options, destination);
}

/** One line for people: time, level, message, and what else there is as `name=value`; a stack goes below. */
function prettyLine(json: string): string {
  const { level, time, msg, error, ...facts } = JSON.parse(json) as {
    level: number;
    time: string;
    msg?: string;
    error?: { message?: string; stack?: string };
  } & Record<string, unknown>;
  const shown = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const words = [
    time.slice(11, 23),
    `${COLOURS[level] ?? ''}${(NAMES[level] ?? '').padEnd(5)}${PLAIN}`,
    msg ?? '',
    ...shown,
  ];
  const stack = error === undefined ? '' : `\n${error.stack ?? error.message ?? ''}`;
  return `${words.join(' ').trimEnd()}${stack}\n`;
}
