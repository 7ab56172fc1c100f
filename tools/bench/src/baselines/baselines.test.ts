import { expect, test } from 'bun:test';
import { Bench } from '../bench.ts';
import { checkLogs } from '../check/check-log.ts';
import { makeCircles } from '../circles.ts';
import { HttpSpeech } from '../say-over-http.ts';
import { callHttp, makeGroup, makeUsers } from '../servers/http-calls.ts';
import type { BaselineKind } from './baseline-kinds.ts';
import { measureRawSqlite } from './raw-sqlite.ts';

const WRITTEN_BY_HAND: readonly BaselineKind[] = ['by-hand-bun', 'by-hand-bun-grouped', 'by-hand-node'];

// Small: it installs nothing. Where the packages of by-hand-node are missing, it is left out.
const bench = new Bench({
  isSmall: true,
  baselines: WRITTEN_BY_HAND,
  seconds: 1,
  minutes: 1,
  settings: {},
  profileFolder: null,
  onProgress: () => undefined,
});

for (const kind of WRITTEN_BY_HAND) {
  test(`${kind}: devices that were away get what they missed, also after the server was killed`, async () => {
    await using server = await bench.startBaseline(kind);
    if (server === null) return;
    const circle = { people: 4, peopleOfCircle: 4, groupsOfCircle: 2 };
    const { subjects, groups } = await makeCircles({ url: server.url, prefix: 'away', ...circle });
    await using crowd = await bench.startLoad('crowd', { url: server.url, subjects });
    const connecting = { atOnce: 4, isPatient: false, limitMs: 10_000 };
    await crowd.call('connect', connecting);
    const speakers = groups.map(({ conversationId, founder }) => ({ conversationId, subject: founder }));
    const speech = new HttpSpeech(server.url, speakers, 1);
    await crowd.call('cut');
    await speech.say(3, 100);
    await server.kill();
    await server.start();
    expect(await crowd.call('connect', connecting)).toMatchObject({ devices: 4, holes: 0, failed: 0 });
    const checked = groups.map(({ conversationId, founder }) => ({ conversationId, reader: founder }));
    const read = await crowd.call('evidence', checked);
    expect(await checkLogs(server, [speech.evidence(), read])).toEqual([]);
  });

  test(`${kind}: the same clientMessageId is the same message, and strangers read nothing`, async () => {
    await using server = await bench.startBaseline(kind);
    if (server === null) return;
    await makeUsers(server.url, ['one', 'other']);
    const path = `/v1/conversations/${await makeGroup(server.url, 'one', [])}/messages`;
    const call = { url: server.url, subject: 'one', method: 'POST', path } as const;
    const body = { clientMessageId: crypto.randomUUID(), body: 'once' };
    const first = await callHttp({ ...call, body });
    expect(await callHttp({ ...call, body })).toEqual(first);
    try {
      await callHttp({ ...call, subject: 'other', body });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toContain('404');
    }
  });
}

test('the raw SQLite loop writes, and says how long its transactions take', async () => {
  const speed = await measureRawSqlite({ conversations: 10, waiting: 20, seconds: 0.2, bodyBytes: 200 });
  expect(speed.eventsPerSecond).toBeGreaterThan(0);
  expect(speed.p50Ms).toBeLessThanOrEqual(speed.maxMs);
});
