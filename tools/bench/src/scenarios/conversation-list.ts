import type { Bench } from '../bench.ts';
import { makeCircles } from '../circles.ts';
import type { RequestPlan } from '../load/request-load.ts';
import { measureEach } from '../measure-each.ts';
import { measureRequests } from '../measure-requests.ts';
import { HttpSpeech } from '../say-over-http.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { tokenFor } from '../servers/product.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const FIRST = 'the first 50';
const ALL = 'all 500, in pages of 200';
const PEOPLE = 20;
const CONVERSATIONS = 500;
const MESSAGES_EACH = 3;
const BODY_BYTES = 200;
const FIRST_ITEMS = 50;
const PAGE_ITEMS = 200;

export const CONVERSATION_LIST: Scenario = {
  name: 'conversation-list',
  title: 'The list of conversations',
  what: `${PEOPLE} users in the same ${CONVERSATIONS} groups, with ${MESSAGES_EACH} unread messages in each. Their lists - heads, last messages, unread counts - by HTTP: ${FIRST} a hundred times a second, then ${ALL}, twenty times a second (open loop).`,
  goals: [{ row: ALL, figure: 'answer p99', is: 'at most', bar: 30, stretch: 30 }],
  limits:
    'Some 4,000 look-ups of 1 to 3 us for a list of 500 in three pages: every page sorts the whole list by activity, and who was removed meanwhile is looked for once more. The hand-written server reads it in one statement over tables that it keeps for that.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const people = bench.size(PEOPLE, 3);
  const conversations = bench.size(CONVERSATIONS, 10);
  const circle = { people, peopleOfCircle: people, groupsOfCircle: conversations };
  const { subjects, groups } = await makeCircles({ url: server.url, prefix: 'reader', ...circle });
  const speakers = groups.map(({ conversationId, founder }) => ({ conversationId, subject: founder }));
  await new HttpSpeech(server.url, speakers, 1).say(MESSAGES_EACH, BODY_BYTES);
  // Who founded and filled them has read nothing of others.
  const tokens = subjects.slice(1).map(tokenFor);
  const first = Math.min(FIRST_ITEMS, conversations);
  const requestsOf = (pages: 'first' | 'all', items: number, read: number): readonly RequestPlan[] =>
    tokens.map((token) => ({
      path: `/v1/conversations?limit=${items}`,
      token,
      expected: { kind: 'list', pages, conversations: read, unread: read * MESSAGES_EACH },
    }));
  const load = { target: server, lanes: 16, seconds: bench.seconds / 2 };
  return [
    await measureRequests(bench, {
      what: FIRST,
      requests: requestsOf('first', FIRST_ITEMS, first),
      perSecond: 100,
      ...load,
    }),
    await measureRequests(bench, {
      what: ALL,
      requests: requestsOf('all', PAGE_ITEMS, conversations),
      perSecond: 20,
      ...load,
    }),
  ];
}
