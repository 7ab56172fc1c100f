import type { DevicePlan } from './load/device.ts';
import type { Lane } from './load/message-load.ts';
import { makeGroup, makeUsers, subjectsOf } from './servers/http-calls.ts';
import { firstUrlOf, type Target } from './servers/target.ts';

/** The conversation into which the echo server's messages go that all its sockets get. */
const ALL = 'all';

/** One group, a device of each member, and lanes from the first members into it. */
export type GroupOfDevices = { readonly devices: readonly DevicePlan[]; readonly lanes: readonly Lane[] };

/** Makes a group of so many members, of whom the first ones will speak. */
export async function makeGroupOfDevices(
  target: Target,
  members: number,
  speakers: number,
): Promise<GroupOfDevices> {
  const url = firstUrlOf(target);
  const subjects = subjectsOf('member', members);
  const devices = subjects.map((subject, at) => ({
    url: target.urls[at % target.urls.length] ?? url,
    subject,
  }));
  const conversationId = target.speaks === 'echo' ? ALL : await makeConversation(url, subjects);
  const lanes = Array.from({ length: speakers }, (_, device) => ({ device, conversationId }));
  return { devices, lanes };
}

async function makeConversation(url: string, subjects: readonly string[]): Promise<string> {
  const userIds = await makeUsers(url, subjects);
  return await makeGroup(url, subjects[0] ?? '', userIds.slice(1));
}
