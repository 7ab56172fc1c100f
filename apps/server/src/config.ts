import type { SettingKind } from './setting-kinds.ts';
import { type Setting, settings } from './settings.ts';

type Values = {
  readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

/** All settings, read and checked. */
export interface Config extends Values {
  /** Which settings were given, and not merely left at their defaults. */
  readonly given: ReadonlySet<keyof Values>;
}

/** The environment, or what stands for it in tests. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the settings, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Names that begin like settings and are read by other programs of the repository. */
const NAMES_OF_OTHERS = new Set([
  'CONFAB_DEV_SERVER',
  'CONFAB_SERVICES_DIR',
  'CONFAB_TEST_ALL',
  'CONFAB_TEST_CASSANDRA',
  'CONFAB_TEST_CASSANDRA_DATA_CENTER',
]);

const rows = Object.entries(settings) as readonly [keyof Values, Setting<unknown>][];

/** Reads the settings from an environment. Throws one `ConfigError` with all there is to put right. */
export function readConfig(environment: Environment): Config {
  const problems = [...unknownNames(environment)];
  const given = new Set<keyof Values>();
  const values: Record<string, unknown> = {};
  for (const [key, row] of rows) {
    // Set to nothing is how scripts and compose files say "not set".
    const written = environment[row.name] === '' ? undefined : environment[row.name];
    if (written !== undefined) given.add(key);
    const text = written ?? row.default;
    values[key] = text === null ? null : parse(row, text, problems);
  }
  if (problems.length === 0) problems.push(...contradictions(values as Values));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...(values as Values), given };
}

function parse(
  row: { readonly name: string; readonly kind: SettingKind<unknown> },
  text: string,
  problems: string[],
): unknown {
  try {
    return row.kind.parse(text);
  } catch (error) {
    problems.push(`${row.name} ${error instanceof Error ? error.message : String(error)}.`);
    return null;
  }
}

/** A misspelt setting would else be a default that nobody chose. */
function unknownNames(environment: Environment): readonly string[] {
  const known = rows.map(([, { name }]) => name);
  return Object.keys(environment)
    .filter((name) => name.startsWith('CONFAB_') && !NAMES_OF_OTHERS.has(name))
    .filter((name) => !known.some((other) => other === name))
    .map((name) => `${name} is no setting.${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((other) => ({ other, distance: editDistance(name, other) }))
    .sort((left, right) => left.distance - right.distance);
  const isNear =
    nearest !== undefined && nearest.distance <= Math.max(2, Math.floor(nearest.other.length / 4));
  return isNear ? ` Did you mean ${nearest.other}?` : ' "confab config" lists them all.';
}

function contradictions(values: Values): readonly string[] {
  return [...issuerContradictions(values), ...clusterContradictions(values)];
}

function clusterContradictions(values: Values): readonly string[] {
  const { cassandra, cassandraUsername, cassandraPassword, redis, secret, secretFile, workers } = values;
  const problems: string[] = [];
  if (redis !== null && cassandra === null)
    problems.push(
      `${settings.redis.name} needs ${settings.cassandra.name}: nodes cannot share a SQLite file.`,
    );
  if (secret !== null && secretFile !== null)
    problems.push(`${settings.secret.name} and ${settings.secretFile.name} are two words for one thing.`);
  if (cassandra !== null && secret === null && secretFile === null)
    problems.push(
      `${settings.cassandra.name} needs ${settings.secret.name} or ${settings.secretFile.name}: nodes must accept each other's tokens.`,
    );
  if (cassandra !== null && workers > 1)
    problems.push(
      `${settings.workers.name} is for one machine with SQLite; with ${settings.cassandra.name} start more processes.`,
    );
  if ((cassandraUsername === null) !== (cassandraPassword === null))
    problems.push(`${settings.cassandraUsername.name} and ${settings.cassandraPassword.name} go together.`);
  return problems;
}

function issuerContradictions({ jwtIssuer, jwtAudience, jwtSecret, jwtJwksUrl }: Values): readonly string[] {
  const { name } = settings.jwtIssuer;
  if (jwtIssuer === null) {
    const parts = { jwtAudience, jwtSecret, jwtJwksUrl };
    const set = Object.entries(parts).filter(([, value]) => value !== null);
    return set.map(([key]) => `${settings[key as keyof typeof parts].name} says nothing without ${name}.`);
  }
  const problems: string[] = [];
  if (jwtAudience === null) problems.push(`${name} needs ${settings.jwtAudience.name}.`);
  if ((jwtSecret === null) === (jwtJwksUrl === null)) {
    problems.push(
      `${name} needs either ${settings.jwtSecret.name} or ${settings.jwtJwksUrl.name}, and not both.`,
    );
  }
  return problems;
}

/** Single characters to insert, delete or replace. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (one[at - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** `--data-dir x` and `--data-dir=x` stand for CONFAB_DATA_DIR. Throws a `ConfigError` for what is no flag. */
export function readFlags(words: readonly string[]): Environment {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const [, flag, joined] = /^--([a-z-]+)(?:=(.*))?$/.exec(words[at] ?? '') ?? [];
    const row = rows.find(([, { name }]) => flagOf(name) === flag)?.[1];
    if (flag === undefined || row === undefined) {
      problems.push(`"${words[at]}" is no flag. "confab help" lists them.`);
      continue;
    }
    const value = joined ?? words[(at += 1)];
    if (value === undefined) problems.push(`--${flag} needs a value.`);
    else if (row.isSecret)
      problems.push(`--${flag}: everybody on this machine can read it there; set ${row.name}.`);
    else given[row.name] = value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return given;
}

function flagOf(name: string): string {
  return name.slice('CONFAB_'.length).toLowerCase().replaceAll('_', '-');
}

/** The settings as they hold, one a line, without secrets. */
export function printConfig(config: Config): string {
  const widest = Math.max(...rows.map(([, { name }]) => name.length));
  const lines = rows.map(([key, row]) => {
    const value = config[key];
    const shown = value === null ? '(not set)' : row.isSecret ? '(secret)' : print(row.kind, value);
    return `${row.name.padEnd(widest)}  ${shown}${config.given.has(key) ? '' : value === null ? '' : '  (default)'}`;
  });
  return lines.join('\n');
}

function print(kind: SettingKind<unknown>, value: unknown): string {
  return kind.print?.(value) ?? String(value);
}

/** The table of settings for the documentation. */
export function settingsMarkdown(): string {
  const lines = rows.map(([, { name, kind, default: value, description }]) => {
    return `| \`${name}\` | ${kind.type} | ${value === null ? '-' : `\`${value}\``} | ${description} |`;
  });
  return ['| Setting | Type | Default | What it does |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
