import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const HELP = `npm run simulate -- [options]

Lives through whole worlds, each made from a seed: nodes, devices with the real SDK, and all that can go wrong between
them, on a clock that is driven. Then checks what every device was promised and shown.

  --seed N      the first seed (a random one by default)
  --minutes M   how long to go on (1 by default)
  --worlds N    stop after so many worlds
  --jobs N      processes at once (one for each processor by default)
  --first       stop at the first world in which something is wrong
  --once        only the world of --seed, and what happened in it
  --trace       with --once: every step
  --help        this text

Ends with 1 where something was wrong, and says which seed shows it.`;

/** What was asked for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'once'; readonly seed: number; readonly isTraced: boolean }
  | {
      readonly kind: 'campaign';
      readonly seed: number;
      readonly minutes: number;
      readonly worlds: number;
      readonly jobs: number;
      readonly endsWithFirst: boolean;
    };

/** Reads the words behind the command; throws an error that says what is wrong with them. */
export function readCommandLine(words: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      worlds: { type: 'string' },
      jobs: { type: 'string' },
      first: { type: 'boolean' },
      once: { type: 'boolean' },
      trace: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return { kind: 'help' };
  const seed = numberOf('seed', values.seed) ?? Math.floor(Math.random() * 1_000_000_000);
  if (values.once === true || values.trace === true)
    return { kind: 'once', seed, isTraced: values.trace === true };
  return {
    kind: 'campaign',
    seed,
    minutes: numberOf('minutes', values.minutes) ?? 1,
    worlds: numberOf('worlds', values.worlds) ?? Number.MAX_SAFE_INTEGER - seed,
    endsWithFirst: values.first === true,
    jobs: Math.max(1, numberOf('jobs', values.jobs) ?? availableParallelism()),
  };
}

function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} takes a number, not "${text}".`);
  return value;
}
