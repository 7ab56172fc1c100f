import { join } from 'node:path';
import type { BaselineKind } from './baselines/baseline-kinds.ts';
import { baselinePlan } from './baselines/baselines.ts';
import { LoadProcess } from './load/load-process.ts';
import type { ProgramName, Programs } from './load/programs.ts';
import { Meter } from './meter.ts';
import { ServerProcess } from './servers/server-process.ts';
import type { Settings } from './servers/server-settings.ts';

const SERVER = join(import.meta.dir, '../../../apps/server/src/main.ts');
const WARM_UP_SHARE = 0.25;

export type BenchOptions = {
  /** Sizes and times so small that everything is run through within seconds, and no figure means anything. */
  readonly isSmall: boolean;
  /** The measured time of each row. */
  readonly seconds: number;
  /** How long the soak goes on. */
  readonly minutes: number;
  /** What may be measured for comparison; empty: nothing. */
  readonly baselines: readonly BaselineKind[];
  /** Of every Confab on one machine, besides those that a scenario gives. */
  readonly settings: Settings;
  /** Where profiles of the server are written; null: none are made. */
  readonly profileFolder: string | null;
  readonly onProgress: (text: string) => void;
};

/** What a scenario works with: servers, loads and meters, each to be ended by whoever asked for it (`await using`). */
export class Bench {
  readonly isSmall: boolean;
  /** Whether Confab is measured only, without what it is compared with. */
  readonly isAlone: boolean;
  /** The measured time of a row. */
  readonly seconds: number;
  /** The measured time of the soak. */
  readonly minutes: number;
  /** The time before a row in which the same happens unmeasured. */
  readonly warmUpSeconds: number;
  readonly #options: BenchOptions;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.isSmall = options.isSmall;
    this.isAlone = options.baselines.length === 0;
    this.seconds = options.seconds;
    this.minutes = options.minutes;
    this.warmUpSeconds = options.seconds * WARM_UP_SHARE;
  }

  /** A count that is smaller where everything is to be small. */
  size(usual: number, small: number): number {
    return this.isSmall ? small : usual;
  }

  /** Says what is going on, for whoever watches. */
  progress(text: string): void {
    this.#options.onProgress(text);
  }

  /** Starts Confab on one machine, on an empty folder, without rate limits. */
  async startServer(settings: Settings = {}, preloads: readonly string[] = []): Promise<ServerProcess> {
    const flags = [...preloads.flatMap((file) => ['--preload', file]), ...this.#profileFlags()];
    const command = [process.execPath, ...flags, SERVER, 'start'];
    return await ServerProcess.start({
      subject: 'confab',
      speaks: 'log',
      command,
      settings: { ...settings, ...this.#options.settings },
    });
  }

  /** Starts a server to compare with; null where none is wanted, or this one cannot run here, of which a line was said. */
  async startBaseline(kind: BaselineKind): Promise<ServerProcess | null> {
    if (!this.#options.baselines.includes(kind)) return null;
    const say = (text: string): void => this.progress(text);
    const plan = await baselinePlan(kind, { mayInstall: !this.isSmall, say });
    return plan === null ? null : await ServerProcess.start(plan);
  }

  /** Starts a process that loads servers. */
  async startLoad<Name extends ProgramName>(
    name: Name,
    plan: ConstructorParameters<Programs[Name]>[0],
  ): Promise<LoadProcess<Name>> {
    return await LoadProcess.start(name, plan);
  }

  /** Measures processor time and memory of processes from now on. */
  meter(pids: readonly number[]): Meter {
    return new Meter(pids);
  }

  #profileFlags(): readonly string[] {
    const { profileFolder } = this.#options;
    return profileFolder === null ? [] : ['--cpu-prof', '--cpu-prof-md', `--cpu-prof-dir=${profileFolder}`];
  }
}
