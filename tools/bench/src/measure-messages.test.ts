import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { Bench } from './bench.ts';
import { measureMessages } from './measure-messages.ts';
import { makePairs } from './pairs.ts';
import { ServerProcess } from './servers/server-process.ts';

const SECONDS = 0.3;
const LIAR = join(import.meta.dir, 'check/fixtures/liar.ts');

async function foundWith(lie: string): Promise<string> {
  const bench = new Bench({
    isSmall: true,
    baselines: [],
    seconds: SECONDS,
    minutes: 1,
    settings: {},
    profileFolder: null,
    onProgress: () => undefined,
  });
  const command = [process.execPath, LIAR, lie];
  await using target = await ServerProcess.start({ subject: 'confab', speaks: 'log', command, settings: {} });
  const { devices, lanes } = await makePairs(target, 1);
  const plan = { processNumber: 1, devices, lanes, bodyBytes: 100, readersEach: 2, besides: null };
  const { broken } = await measureMessages(bench, {
    what: 'a liar',
    target,
    plans: [plan],
    drive: { kind: 'closed', window: 1, until: 'accepted' },
    seconds: SECONDS,
  });
  return broken.join('; ');
}

test('a server that keeps its word is found to have kept it', async () => {
  expect(await foundWith('nothing')).toBe('');
});

test('a server that forgets a message it acknowledged is found out', async () => {
  expect(await foundWith('forgets')).toContain('was accepted at 6 and stands at 0');
});

test('a server whose log is in another order than its acknowledgements is found out', async () => {
  expect(await foundWith('swaps')).toContain('was accepted at 6 and stands at 7');
});
