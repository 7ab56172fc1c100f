import type { Bench } from '../bench.ts';
import { makeCircles } from '../circles.ts';
import { fillByHand } from '../fill/fill-by-hand.ts';
import { fillConfab } from '../fill/fill-confab.ts';
import { MESSAGES_IN_A_ROW } from '../fill/fill-plan.ts';
import { seededRandom } from '../load/pace.ts';
import { measureEach } from '../measure-each.ts';
import { measureRequests } from '../measure-requests.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { callHttp, makeUsers } from '../servers/http-calls.ts';
import { tokenFor } from '../servers/product.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import type { RequestPlan } from '../load/request-load.ts';

const CLOSED = 'as fast as they go';
const OPEN = '1,500 a second';
const PAGE = 50;
const BODY_BYTES = 200;
const CIRCLES = { people: 200, peopleOfCircle: 5, groupsOfCircle: 25 };
const MESSAGES_EACH = 1_000;
/** Pages to draw from, with a token each that is not signed anew. */
const DRAWN_PAGES = 4_096;

export const HISTORY_PAGES: Scenario = {
  name: 'history-pages',
  title: 'Pages of history',
  what: `1,000,000 messages of ${BODY_BYTES} bytes in 1,000 groups, ${MESSAGES_IN_A_ROW} of a group in a row and then of the next. Pages of ${PAGE} messages before a random place of a random group, by HTTP with a token of a member: 16 connections as fast as they go, then ${OPEN} (open loop).`,
  goals: [
    { row: CLOSED, figure: 'requests', is: 'at least', bar: 1_500, stretch: 3_000 },
    { row: OPEN, figure: 'answer p99', is: 'at most', bar: 20, stretch: 20 },
  ],
  limits: 'Reading fifty rows and putting them together as JSON, on the thread that serves.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const requests = await makeHistory(bench, server);
  const load = { target: server, requests };
  const seconds = bench.seconds;
  return [
    await measureRequests(bench, { what: CLOSED, lanes: 16, perSecond: null, seconds: seconds / 2, ...load }),
    await measureRequests(bench, {
      what: OPEN,
      lanes: 64,
      perSecond: bench.size(1_500, 100),
      seconds,
      ...load,
    }),
  ];
}

async function makeHistory(bench: Bench, server: ServerProcess): Promise<readonly RequestPlan[]> {
  const people = bench.size(CIRCLES.people, 10);
  const { groups } = await makeCircles({ url: server.url, prefix: 'reader', ...CIRCLES, people });
  const founders = [...new Set(groups.map(({ founder }) => founder))];
  const ids = await makeUsers(server.url, founders);
  const idOf = new Map(founders.map((founder, at) => [founder, ids[at] ?? '']));
  const conversations = groups.map(({ conversationId, founder }) => ({
    conversationId,
    senderId: idOf.get(founder) ?? '',
  }));
  const messagesEach = bench.size(MESSAGES_EACH, 100);
  const all = messagesEach * groups.length;
  await server.stop();
  const onProgress = (messages: number): void => {
    if (messages % (all / 5) === 0)
      bench.progress(`${server.subject}: ${messages.toLocaleString('en')} messages filled in`);
  };
  const plan = { conversations, messagesEach, body: 'x'.repeat(BODY_BYTES), onProgress };
  if (server.subject === 'confab') await fillConfab(server.dataFolder, plan);
  else fillByHand(server.dataFolder, plan);
  await server.start();
  const path = `/v1/conversations/${groups[0]?.conversationId}/messages?limit=1`;
  const newest = await callHttp({
    url: server.url,
    subject: founders[0] ?? '',
    method: 'GET',
    path,
    body: null,
  });
  return drawPages(groups, (newest['head'] as { readonly sequence: number }).sequence);
}

/** Pages before random places; all groups have the same number of events, and the first is no message. */
function drawPages(
  groups: readonly { readonly conversationId: string; readonly founder: string }[],
  head: number,
): readonly RequestPlan[] {
  const random = seededRandom(1);
  const tokens = new Map<string, string>();
  return Array.from({ length: DRAWN_PAGES }, () => {
    const group = groups[Math.floor(random() * groups.length)];
    if (group === undefined) throw new Error('no groups');
    const { conversationId, founder } = group;
    const token = tokens.get(founder) ?? tokenFor(founder);
    tokens.set(founder, token);
    const before = PAGE + 2 + Math.floor(random() * (head - PAGE));
    const path = `/v1/conversations/${conversationId}/messages?before=${before}&limit=${PAGE}`;
    return { path, token, expected: { kind: 'messages', first: before - PAGE, last: before - 1 } };
  });
}
