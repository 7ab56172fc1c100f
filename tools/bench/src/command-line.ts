import { isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';

/** What the bench was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | { readonly kind: 'page' }
  | { readonly kind: 'run'; readonly options: RunOptions };

export type RunOptions = {
  /** Names of scenarios; empty: all. */
  readonly names: readonly string[];
  readonly seconds: number;
  readonly minutes: number;
  readonly runs: number;
  readonly isSmall: boolean;
  readonly isAlone: boolean;
  /** Settings of Confab by their names. */
  readonly settings: Readonly<Record<string, string>>;
  readonly isProfiling: boolean;
  readonly isPublishing: boolean;
  /** Where results, pictures and profiles are written. */
  readonly folder: string;
};

const ROOT = join(import.meta.dir, '../../..');
const SECONDS_DEFAULT = 8;
const SECONDS_SMALL = 0.5;
const MINUTES_DEFAULT = 30;

export const HELP = `npm run bench -- SCENARIO... | all

  --list          the scenarios, a line each
  --seconds N     how long each row is measured, ${SECONDS_DEFAULT} if not given; a quarter of it before that is warm-up
  --minutes N     how long the soak goes on, ${MINUTES_DEFAULT} if not given
  --runs N        how often each scenario is run, 1 if not given: figures are medians, with the lowest and highest
  --alone         Confab only, without what it is compared with
  --set NAME=VALUE  a setting of Confab on one machine, such as CONFAB_WORKERS=2; as often as wanted
  --small         everything within seconds: shows that the bench works, and no figure that means anything
  --profile       Confab runs under Bun's profiler; a .cpuprofile and a .md of each server are left in the folder
  --out FOLDER    for results.json, pictures and profiles; .bench if not given
  --publish       writes docs/performance.md, its pictures and its results too
  --page          measures nothing: writes docs/performance.md anew from the results that are published

"all" leaves out the soak. Figures to be quoted: all --seconds 30 --runs 3.
Server, baselines and generator are processes of their own on this machine, which should do nothing else. A run in which
a promise was broken is VOID, and the exit code is 1.
`;

/** Throws a sentence where the words say nothing that can be done. */
export function readCommand(words: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      list: { type: 'boolean' },
      page: { type: 'boolean' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      runs: { type: 'string' },
      alone: { type: 'boolean' },
      set: { type: 'string', multiple: true },
      small: { type: 'boolean' },
      profile: { type: 'boolean' },
      out: { type: 'string' },
      publish: { type: 'boolean' },
    },
  });
  if (values.list === true) return { kind: 'list' };
  if (values.page === true) return { kind: 'page' };
  if (values.help === true || positionals.length === 0) return { kind: 'help' };
  const isSmall = values.small === true;
  const out = values.out ?? '.bench';
  const options = {
    names: positionals.includes('all') ? [] : positionals,
    seconds: positive('seconds', values.seconds, isSmall ? SECONDS_SMALL : SECONDS_DEFAULT),
    minutes: positive('minutes', values.minutes, isSmall ? SECONDS_SMALL / 60 : MINUTES_DEFAULT),
    runs: Math.ceil(positive('runs', values.runs, 1)),
    isSmall,
    isAlone: values.alone === true,
    settings: Object.fromEntries((values.set ?? []).map(settingOf)),
    isProfiling: values.profile === true,
    isPublishing: values.publish === true,
    folder: isAbsolute(out) ? out : join(ROOT, out),
  };
  if (options.isPublishing && (isSmall || options.names.length > 0))
    throw new Error('--publish is for all scenarios at their full size');
  return { kind: 'run', options };
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

function settingOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--set takes NAME=VALUE, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}
