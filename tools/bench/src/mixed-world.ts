import type { DevicePlan } from './load/device.ts';
import type { Lane } from './load/message-load.ts';
import { seededRandom } from './load/pace.ts';
import { forEach, makeDirect, makeGroup, makeUsers, subjectsOf } from './servers/http-calls.ts';
import { firstUrlOf, type Target } from './servers/target.ts';

const SMALLEST_GROUP = 5;
const LARGEST_GROUP = 200;
const DIRECT_OF_TEN = 9;

export type MixedWorldSize = {
  /** A device each, in pairs. */
  readonly people: number;
  /** Of 5 to 200 people, small ones more often; besides one of everybody. */
  readonly groups: number;
};

/** People, their conversations, and lanes of which nine in ten lead into direct ones and one into a group. */
export type MixedWorld = { readonly devices: readonly DevicePlan[]; readonly lanes: readonly Lane[] };

export async function makeMixedWorld(
  target: Target,
  { people, groups }: MixedWorldSize,
): Promise<MixedWorld> {
  const url = firstUrlOf(target);
  const subjects = subjectsOf('person', people);
  const userIds = await makeUsers(url, subjects);
  const direct = await forEach(
    Array.from({ length: Math.floor(people / 2) }, (_, pair) => pair * 2),
    async (at) => makeDirect(url, subjects[at] ?? '', userIds[at + 1] ?? ''),
  );
  const directLanes = direct.flatMap((conversationId, pair) =>
    [0, 1].map((side) => ({ device: pair * 2 + side, conversationId })),
  );
  const memberships = [...groupsAmong(people, groups), subjects.map((_, at) => at)];
  const groupLanes = await forEach(memberships, async (members) => {
    const [creator = 0, ...others] = members;
    const memberIds = others.map((at) => userIds[at] ?? '');
    return { device: creator, conversationId: await makeGroup(url, subjects[creator] ?? '', memberIds) };
  });
  return {
    devices: subjects.map((subject, at) => ({ url: target.urls[at % target.urls.length] ?? url, subject })),
    lanes: mixed(directLanes, groupLanes),
  };
}

/** Who is in each group: places in the list of people. */
function groupsAmong(people: number, groups: number): readonly (readonly number[])[] {
  const random = seededRandom(groups);
  return Array.from({ length: groups }, () => {
    const size = Math.round(SMALLEST_GROUP * (LARGEST_GROUP / SMALLEST_GROUP) ** random());
    const members = new Set<number>();
    while (members.size < Math.min(size, people)) members.add(Math.floor(random() * people));
    return [...members];
  });
}

/** Lanes are used in turn: after nine direct ones comes one into a group. */
function mixed(direct: readonly Lane[], groups: readonly Lane[]): readonly Lane[] {
  return direct.flatMap((lane, at) => {
    const group = groups[Math.floor(at / DIRECT_OF_TEN) % groups.length];
    return at % DIRECT_OF_TEN === DIRECT_OF_TEN - 1 && group !== undefined ? [lane, group] : [lane];
  });
}
