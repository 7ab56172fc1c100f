import { measureEach } from '../measure-each.ts';
import { measureMixed } from '../measure-mixed.ts';
import type { MemorySample, Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';

const WHAT = '3,000 people, 300 messages a second';
const TEN_MINUTES_SECONDS = 600;
const GROWTH = 'memory growth';

export const SOAK: Scenario = {
  name: 'soak',
  title: 'Everything at once, for a long time',
  what: 'As "Everything at once", with 3,000 people, 60 groups and 300 messages a second, for 30 minutes (`--minutes`). Memory growth is the slope of a straight line through the resident memory of the second half, in which caches have filled.',
  goals: [
    { row: WHAT, figure: GROWTH, is: 'at most', bar: 1, stretch: 0.5 },
    { row: WHAT, figure: 'ack p99.9', is: 'at most', bar: 100, stretch: 40 },
  ],
  limits: 'As mixed; what grows over hours shows here.',
  needs: 'nothing',
  isInAll: false,
  async run(bench) {
    const options = { baselines: [], settings: {}, preloads: [] };
    return await measureEach(bench, options, async (target) => {
      const row = await measureMixed(bench, target, {
        what: WHAT,
        size: { people: bench.size(3_000, 60), groups: bench.size(60, 3) },
        messagesPerSecond: bench.size(300, 100),
        typingsPerSecond: bench.size(60, 20),
        seconds: bench.minutes * 60,
      });
      return [withGrowth(row)];
    });
  },
};

function withGrowth(row: Row): Row {
  const secondHalf = row.memory.slice(Math.floor(row.memory.length / 2));
  const growth = { name: GROWTH, value: growthOf(secondHalf), unit: '% in 10 min' };
  return { ...row, figures: [...row.figures, growth] };
}

/** By least squares, in percent of the mean. */
function growthOf(samples: readonly MemorySample[]): number {
  const mean = (of: (sample: MemorySample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const meanSeconds = mean(({ atSeconds }) => atSeconds);
  const meanBytes = mean(({ residentBytes }) => residentBytes);
  const covariance = mean((sample) => (sample.atSeconds - meanSeconds) * (sample.residentBytes - meanBytes));
  const variance = mean((sample) => (sample.atSeconds - meanSeconds) ** 2);
  return variance === 0 ? 0 : ((covariance / variance) * TEN_MINUTES_SECONDS * 100) / meanBytes;
}
