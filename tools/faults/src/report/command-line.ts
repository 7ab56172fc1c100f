import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios.ts';

export const HELP = `npm run faults -- [OPTIONS] [NAME...]

Breaks real servers and what they stand on, and checks afterwards that every promise was kept: all scenarios on one
machine, and on a fleet where Cassandra, Redis and HAProxy are installed (npm run services -- install). With names: those
alone. Exit code 1 where anything is wrong.

  --list           say what there is and run nothing
  --one-machine    on one machine only
  --fleet          on a fleet only
  --scale N        how large: 0.1 as in npm test on a fleet, 1 (so it is without a word), 10 for a long evening
  --out FOLDER     where report.html, report.json and all logs go (.faults)
  --help`;

/** What a person asked for. */
export type Command =
  | { readonly kind: 'help' | 'list' }
  | { readonly kind: 'wrong'; readonly message: string }
  | {
      readonly kind: 'run';
      /** Names of scenarios; none: all. */
      readonly names: readonly string[];
      readonly stages: readonly ('one machine' | 'fleet')[];
      /** Whether a fleet that is not installed is a failure, or is left out. */
      readonly mustHaveFleet: boolean;
      readonly scale: number;
      readonly folder: string;
    };

export function readCommandLine(words: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        'one-machine': { type: 'boolean', default: false },
        fleet: { type: 'boolean', default: false },
        scale: { type: 'string', default: '1' },
        out: { type: 'string', default: '.faults' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    if (values.list) return { kind: 'list' };
    const unknown = positionals.filter((name) => !SCENARIOS.some((scenarios) => scenarios.name === name));
    if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}. See --list.`);
    const scale = Number(values.scale);
    if (!(scale > 0)) throw new Error(`--scale takes a number above 0, not ${values.scale}.`);
    const both = values.fleet === values['one-machine'];
    return {
      kind: 'run',
      names: positionals,
      stages: [
        ...(both || values['one-machine'] ? (['one machine'] as const) : []),
        ...(both || values.fleet ? (['fleet'] as const) : []),
      ],
      mustHaveFleet: values.fleet,
      scale,
      folder: values.out,
    };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
