import type { MessageLoadPlan } from './load/message-load.ts';
import { makeGroup, makeUsers, subjectsOf } from './servers/http-calls.ts';
import { firstUrlOf, type Target } from './servers/target.ts';

/** The conversation into which the echo server's messages go that all its sockets get. */
const ALL = 'all';

/** Who is in a group, and what the load process of it does. */
export type GroupLoad = {
  readonly processNumber: number;
  readonly members: number;
  /** The first members, who speak. */
  readonly speakers: number;
  readonly bodyBytes: number;
};

/** Makes a group with a device of each member, who all read what some of them say. */
export async function makeGroupLoad(
  target: Target,
  { processNumber, members, speakers, bodyBytes }: GroupLoad,
): Promise<MessageLoadPlan> {
  const url = firstUrlOf(target);
  const subjects = subjectsOf('member', members);
  const devices = subjects.map((subject, at) => ({
    url: target.urls[at % target.urls.length] ?? url,
    subject,
  }));
  const conversationId = target.speaks === 'echo' ? ALL : await makeConversation(url, subjects);
  const lanes = Array.from({ length: speakers }, (_, device) => ({ device, conversationId }));
  return { processNumber, devices, lanes, bodyBytes, readersEach: members, besides: null };
}

async function makeConversation(url: string, subjects: readonly string[]): Promise<string> {
  const userIds = await makeUsers(url, subjects);
  return await makeGroup(url, subjects[0] ?? '', userIds.slice(1));
}
