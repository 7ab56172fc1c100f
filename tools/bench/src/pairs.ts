import type { DevicePlan } from './load/device.ts';
import type { Lane } from './load/message-load.ts';
import { forEach, makeDirect, makeUsers, subjectsOf } from './servers/http-calls.ts';
import { firstUrlOf, type Target } from './servers/target.ts';

/** People in pairs, a device each, and a lane from each to the other of its pair. */
export type Pairs = { readonly devices: readonly DevicePlan[]; readonly lanes: readonly Lane[] };

/** Makes so many pairs; `placeOf` says to which server of the target each of the two goes. */
export async function makePairs(
  target: Target,
  count: number,
  placeOf: (side: 0 | 1) => number = () => 0,
): Promise<Pairs> {
  const url = firstUrlOf(target);
  const subjects = subjectsOf('pair', count * 2);
  const devices = subjects.map((subject, at) => ({
    url: target.urls[placeOf(at % 2 === 0 ? 0 : 1)] ?? url,
    subject,
  }));
  // An echo server has no conversations.
  if (target.speaks === 'echo')
    return { devices, lanes: subjects.map((_, device) => ({ device, conversationId: 'none' })) };
  const userIds = await makeUsers(url, subjects);
  const conversations = await forEach(
    Array.from({ length: count }, (_, pair) => pair * 2),
    async (at) => makeDirect(url, subjects[at] ?? '', userIds[at + 1] ?? ''),
  );
  const lanes = subjects.map((_, device) => ({
    device,
    conversationId: conversations[Math.floor(device / 2)] ?? '',
  }));
  return { devices, lanes };
}
