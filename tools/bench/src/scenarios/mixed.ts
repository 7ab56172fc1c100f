import { measureEach } from '../measure-each.ts';
import { measureMixed } from '../measure-mixed.ts';
import type { Scenario } from '../scenario.ts';

const WHAT = '5,000 people, 500 messages a second';

export const MIXED: Scenario = {
  name: 'mixed',
  title: 'Everything at once',
  what: '5,000 people online, each in a direct conversation, in 100 groups of 5 to 200, and all in one group of 5,000. 500 messages of 200 bytes a second (open loop), nine of ten to one other person. Everybody says within a second how far they have read; 100 words of typing a second; each second one connection in a hundred goes without a word, comes back at once, resumes, and sends again what had no answer. A delivery that waited for its reader to come back counts in full.',
  goals: [
    { row: WHAT, figure: 'ack p99', is: 'at most', bar: 100, stretch: 50 },
    { row: WHAT, figure: 'delivery p99', is: 'at most', bar: 150, stretch: 75 },
  ],
  limits:
    'Two cores, the generator included. A third of the serving thread’s time is writing to sockets, most of it messages to the group of all; a fifth is reading for receipts and resumes.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (target) => [
      await measureMixed(bench, target, {
        what: WHAT,
        size: { people: bench.size(5_000, 60), groups: bench.size(100, 3) },
        messagesPerSecond: bench.size(500, 100),
        typingsPerSecond: bench.size(100, 20),
        seconds: bench.seconds,
      }),
    ]);
  },
};
