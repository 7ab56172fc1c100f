import { forEach, makeGroup, makeUsers, subjectsOf } from './servers/http-calls.ts';

/** People in circles of a few, who share some groups. */
export type Circles = {
  readonly subjects: readonly string[];
  /** Each group, and one of its members. */
  readonly groups: readonly { readonly conversationId: string; readonly founder: string }[];
};

export type CirclesPlan = {
  readonly url: string;
  readonly prefix: string;
  readonly people: number;
  readonly peopleOfCircle: number;
  readonly groupsOfCircle: number;
};

/** Makes so many people in circles of this size, each circle with so many groups of all its people. */
export async function makeCircles(plan: CirclesPlan): Promise<Circles> {
  const { url, prefix, people, peopleOfCircle, groupsOfCircle } = plan;
  const subjects = subjectsOf(prefix, people);
  const userIds = await makeUsers(url, subjects);
  const wanted = Math.ceil(people / peopleOfCircle) * groupsOfCircle;
  const groups = await forEach(
    Array.from({ length: wanted }, (_, group) => Math.floor(group / groupsOfCircle) * peopleOfCircle),
    async (first) => {
      const founder = subjects[first] ?? '';
      const others = userIds.slice(first + 1, first + peopleOfCircle);
      return { conversationId: await makeGroup(url, founder, others), founder };
    },
  );
  return { subjects, groups };
}
