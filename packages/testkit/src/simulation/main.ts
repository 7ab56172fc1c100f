import { runCampaign } from './campaign/campaign.ts';
import { type Command, HELP, readCommandLine } from './campaign/command-line.ts';
import { countsText, failureText } from './campaign/report.ts';
import { runSeed } from './run-seed.ts';

const PROGRESS_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;

try {
  process.exitCode = await run(readCommandLine(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      say(HELP);
      return 0;
    case 'once':
      return await once(command);
    case 'campaign':
      return await campaign(command);
  }
}

async function once({ seed, isTraced }: Extract<Command, { kind: 'once' }>): Promise<number> {
  const outcome = await runSeed(
    seed,
    isTraced ? ({ atMs, text }) => say(`${(atMs / 1_000).toFixed(3).padStart(9)} ${text}`) : null,
  );
  say(countsText(outcome.counts));
  say(`${outcome.steps} steps, hash ${outcome.hash.toString(16)}`);
  if (outcome.wrong.length === 0) return 0;
  for (const complaint of outcome.wrong) say(`seed ${seed}: ${complaint}`);
  return 1;
}

async function campaign(command: Extract<Command, { kind: 'campaign' }>): Promise<number> {
  const { seed, minutes, worlds, jobs, endsWithFirst } = command;
  say(`Worlds from seed ${seed} on, in ${jobs} processes.`);
  const startedAt = performance.now();
  let saidAt = startedAt;
  const { tally, failures, cpuMs } = await runCampaign({
    seed,
    worlds,
    durationMs: minutes * MINUTE_MS,
    jobs,
    endsWithFirst,
    onWorld: (outcome, soFar) => {
      if (outcome.wrong.length > 0) say(failureText(outcome));
      if (performance.now() - saidAt < PROGRESS_EVERY_MS) return;
      saidAt = performance.now();
      const [lived, events] = [soFar.of('worlds'), soFar.of('events committed')];
      say(`${lived} worlds, ${events} events, ${soFar.of('faults struck')} faults`);
    },
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const lived = tally.of('worlds');
  say(countsText(tally.counts));
  say(
    `${lived} worlds in ${seconds.toFixed(0)} s (${(cpuMs / Math.max(1, lived)).toFixed(0)} ms of a processor each)`,
  );
  for (const failure of failures) say(failureText(failure));
  say(failures.length === 0 ? 'Nothing was wrong.' : `${failures.length} worlds show faults.`);
  return failures.length === 0 ? 0 : 1;
}
