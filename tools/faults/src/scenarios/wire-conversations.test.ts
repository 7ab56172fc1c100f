import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { Ear } from '../ear.ts';
import type { Call } from '../http-client.ts';
import { patienceMs } from '../scale.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import { listIn, readLogEvent, type Frame, type LogEvent } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

const ROLES = ['owner', 'admin', 'member'] as const;
type Role = (typeof ROLES)[number];
const WAYS = ['frame', 'http'] as const;
type Way = (typeof WAYS)[number];

/** A group of two of each role, so that every actor has a target of every role, and somebody outside. */
type Cast = Record<Role | 'outsider' | 'founder' | 'secondAdmin' | 'secondMember', Person>;

let scene: Scene;
let cast: Cast;
const ears = new Map<Person, Ear>();

beforeAll(async () => {
  scene = await Scene.start();
  const names = ['owner', 'admin', 'member', 'outsider', 'founder', 'secondAdmin', 'secondMember'] as const;
  const people = await Promise.all(names.map(async (name) => [name, await scene.person(name)] as const));
  cast = Object.fromEntries(people) as Cast;
  for (const person of Object.values(cast))
    ears.set(person, await Ear.open(scene, person, { deviceId: 'phone' }));
});
afterAll(async () => {
  await Promise.all([...ears.values()].map(async (ear) => ear.close()));
  await scene[Symbol.asyncDispose]();
});

/** One request in both its forms. */
type Wish = {
  readonly frame: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly call: Call;
};

const id = () => ({ clientMessageId: crypto.randomUUID() });
const at = (conversationId: string): string => `/v1/conversations/${conversationId}`;

function rename(conversationId: string, title: string | null): Wish {
  const body = { ...id(), title };
  return {
    frame: { type: 'update_conversation', conversationId, ...body },
    call: { method: 'PATCH', path: at(conversationId), body },
  };
}

function add(conversationId: string, people: readonly Person[], role?: Role): Wish {
  const userIds = people.map(({ userId }) => userId);
  const body = { ...id(), userIds, ...(role === undefined ? {} : { role }) };
  return {
    frame: { type: 'add_members', conversationId, ...body },
    call: { method: 'POST', path: `${at(conversationId)}/members`, body },
  };
}

function remove(conversationId: string, { userId }: Person): Wish {
  const { clientMessageId } = id();
  const path = `${at(conversationId)}/members/${userId}?clientMessageId=${clientMessageId}`;
  return {
    frame: { type: 'remove_member', conversationId, clientMessageId, userId },
    call: { method: 'DELETE', path },
  };
}

function giveRole(conversationId: string, { userId }: Person, role: Role): Wish {
  const body = { ...id(), role };
  return {
    frame: { type: 'update_member', conversationId, userId, ...body },
    call: { method: 'PATCH', path: `${at(conversationId)}/members/${userId}`, body },
  };
}

function send(conversationId: string): Wish {
  const body = { ...id(), body: 'hello' };
  return {
    frame: { type: 'send_message', conversationId, ...body },
    call: { method: 'POST', path: `${at(conversationId)}/messages`, body },
  };
}

function read(conversationId: string): Wish {
  return {
    frame: { type: 'sync', conversationId, after: null },
    call: { method: 'GET', path: `${at(conversationId)}/messages` },
  };
}

type Outcome = { readonly code: string; readonly events: readonly LogEvent[] };

/** Asks one way; `ok` is the code of success. */
async function ask(person: Person, wish: Wish, way: Way): Promise<Outcome> {
  if (way === 'http') {
    const { status, json } = await person.http.call(wish.call);
    if (status >= 300) return { code: `${status} ${String(json['code'])}`, events: [] };
    return { code: 'ok', events: eventsOf(json) };
  }
  const ear = ears.get(person);
  if (ear === undefined) throw new Error('a person without a connection');
  const answer = await ear.ask(wish.frame);
  if (answer.type === 'error') return { code: String(answer['code']), events: [] };
  if (answer.type === 'accepted') expect(answer['verb']).toBe(wish.frame.type);
  return { code: 'ok', events: eventsOf(answer) };
}

function eventsOf(answer: Frame | Readonly<Record<string, unknown>>): readonly LogEvent[] {
  return 'events' in answer ? listIn(answer, 'events').map(readLogEvent) : [];
}

const refused = (code: string, way: Way): string =>
  way === 'frame' ? code : `${code === 'forbidden' ? 403 : 409} ${code}`;

async function group(): Promise<Talk> {
  const { founder, owner, admin, secondAdmin, member, secondMember } = cast;
  const talk = await scene.group(founder, [owner, admin, secondAdmin, member, secondMember]);
  await must(founder, giveRole(talk.conversationId, owner, 'owner'));
  await must(founder, giveRole(talk.conversationId, admin, 'admin'));
  await must(founder, giveRole(talk.conversationId, secondAdmin, 'admin'));
  return talk;
}

async function must(person: Person, wish: Wish): Promise<void> {
  expect((await ask(person, wish, 'http')).code).toBe('ok');
}

async function lengthOf(talk: Talk): Promise<number> {
  return (await scene.log(talk)).events.length;
}

/** Who may, as the table of the document says it; `self` is the one who asks. */
type Row = readonly [what: string, who: readonly Role[], wish: (talk: Talk, self: Person) => Wish];

const TABLE: readonly Row[] = [
  ['send', ROLES, ({ conversationId }) => send(conversationId)],
  ['read', ROLES, ({ conversationId }) => read(conversationId)],
  ['leave', ROLES, ({ conversationId }, self) => remove(conversationId, self)],
  ['rename', ['owner', 'admin'], ({ conversationId }) => rename(conversationId, 'another title')],
  ['take the title away', ['owner', 'admin'], ({ conversationId }) => rename(conversationId, null)],
  [
    'add somebody without naming a role',
    ['owner', 'admin'],
    ({ conversationId }) => add(conversationId, [cast.outsider]),
  ],
  [
    'add a member',
    ['owner', 'admin'],
    ({ conversationId }) => add(conversationId, [cast.outsider], 'member'),
  ],
  ['add an admin', ['owner'], ({ conversationId }) => add(conversationId, [cast.outsider], 'admin')],
  ['add an owner', ['owner'], ({ conversationId }) => add(conversationId, [cast.outsider], 'owner')],
  ['remove a member', ['owner', 'admin'], ({ conversationId }) => remove(conversationId, cast.secondMember)],
  ['remove an admin', ['owner'], ({ conversationId }) => remove(conversationId, cast.secondAdmin)],
  ['remove an owner', ['owner'], ({ conversationId }) => remove(conversationId, cast.founder)],
  [
    'make a member an admin',
    ['owner'],
    ({ conversationId }) => giveRole(conversationId, cast.secondMember, 'admin'),
  ],
  [
    'make a member an owner',
    ['owner'],
    ({ conversationId }) => giveRole(conversationId, cast.secondMember, 'owner'),
  ],
  [
    'make an admin a member',
    ['owner'],
    ({ conversationId }) => giveRole(conversationId, cast.secondAdmin, 'member'),
  ],
  [
    'make an owner a member',
    ['owner'],
    ({ conversationId }) => giveRole(conversationId, cast.founder, 'member'),
  ],
];

test.each(TABLE)('[P7.2] in a group, "%s" is for: %p', async (what, who, wish) => {
  for (const role of ROLES) {
    for (const way of WAYS) {
      const talk = await group();
      const before = await lengthOf(talk);
      const outcome = await ask(cast[role], wish(talk, cast[role]), way);
      const isAllowed = who.includes(role);
      expect([role, way, outcome.code]).toEqual([role, way, isAllowed ? 'ok' : refused('forbidden', way)]);
      const made = (await scene.log({ ...talk, owner: await survivor(talk) })).events.slice(before);
      const count = isAllowed && what !== 'read' ? 1 : 0;
      expect([role, way, made.length]).toEqual([role, way, count]);
      if (count === 1) expect(made[0]?.senderId).toBe(cast[role].userId);
    }
  }
});

/** Somebody who may still read all of it: the founder may have been removed. */
async function survivor({ conversationId }: Talk): Promise<Person> {
  const { status } = await cast.founder.http.call({ method: 'GET', path: at(conversationId) });
  return status === 200 ? cast.founder : cast.owner;
}

test('[P7.2] the creator of a group is its owner, the others are members', async () => {
  const { founder, owner, member } = cast;
  const talk = await scene.group(founder, [owner, member]);
  const roles = [
    { userId: founder.userId, role: 'owner' },
    { userId: owner.userId, role: 'member' },
    { userId: member.userId, role: 'member' },
  ];
  expect(talk.first['members']).toEqual(expect.arrayContaining(roles));
  expect(await founder.http.get(at(talk.conversationId))).toMatchObject({ conversation: { role: 'owner' } });
  const made = await ears.get(founder)?.ask({
    type: 'create_conversation',
    conversationType: 'group',
    memberIds: [owner.userId],
    ...id(),
  });
  expect(made).toMatchObject({
    type: 'accepted',
    verb: 'create_conversation',
    conversation: { type: 'group', title: null, role: 'owner', memberCount: 2 },
  });
});

for (const way of WAYS) {
  test(`[P7.3] by ${way}, the last owner can neither leave nor step down while others are there, and can once there is another`, async () => {
    const { founder, owner, member } = cast;
    const talk = await scene.group(founder, [owner, member]);
    const { conversationId } = talk;
    const expectRefused = async (wish: Wish): Promise<void> => {
      const before = await lengthOf(talk);
      expect((await ask(founder, wish, way)).code).toBe(refused('last_owner', way));
      expect(await lengthOf(talk)).toBe(before);
    };
    await expectRefused(remove(conversationId, founder));
    await expectRefused(giveRole(conversationId, founder, 'admin'));
    await expectRefused(giveRole(conversationId, founder, 'member'));
    await must(founder, giveRole(conversationId, owner, 'owner'));
    expect((await ask(founder, giveRole(conversationId, founder, 'admin'), way)).code).toBe('ok');
    expect((await ask(founder, remove(conversationId, founder), way)).code).toBe('ok');
    // Now the other one is the last.
    expect((await ask(owner, remove(conversationId, owner), way)).code).toBe(refused('last_owner', way));
    await must(owner, remove(conversationId, member));
    expect((await ask(owner, remove(conversationId, owner), way)).code).toBe('ok');
  });

  test(`[P7.3] by ${way}, a direct conversation can neither be renamed nor left nor have its members changed, by either`, async () => {
    const { founder, member, outsider } = cast;
    const talk = await scene.direct(founder, member);
    const { conversationId } = talk;
    for (const [self, other] of [
      [founder, member],
      [member, founder],
    ] as const) {
      const wishes = [
        rename(conversationId, 'ours'),
        rename(conversationId, null),
        add(conversationId, [outsider], 'member'),
        remove(conversationId, other),
        remove(conversationId, self),
        giveRole(conversationId, other, 'admin'),
        giveRole(conversationId, self, 'owner'),
      ];
      for (const wish of wishes) {
        const outcome = await ask(self, wish, way);
        expect([wish.frame.type, outcome.code]).toEqual([wish.frame.type, refused('not_applicable', way)]);
      }
    }
    expect(await lengthOf(talk)).toBe(1);
  });

  test(`[P7.4] by ${way}, what is already so is answered with no events, and the log does not move`, async () => {
    const talk = await group();
    const { conversationId } = talk;
    const { founder, owner, admin, member, secondMember, outsider } = cast;
    await must(founder, rename(conversationId, 'this title'));
    const before = await lengthOf(talk);
    const wishes = [
      add(conversationId, [member], 'member'),
      add(conversationId, [member, secondMember, admin]),
      add(conversationId, [member], 'admin'),
      remove(conversationId, outsider),
      rename(conversationId, 'this title'),
      giveRole(conversationId, member, 'member'),
      giveRole(conversationId, owner, 'owner'),
    ];
    for (const wish of wishes)
      expect([wish.frame, await ask(founder, wish, way)]).toEqual([wish.frame, { code: 'ok', events: [] }]);
    expect(await lengthOf(talk)).toBe(before);
    await must(founder, rename(conversationId, null));
    expect(await ask(founder, rename(conversationId, null), way)).toEqual({ code: 'ok', events: [] });
    // Of several, those who are there already are left out.
    const { events } = await ask(founder, add(conversationId, [member, outsider]), way);
    expect(events.map((event) => event['members'])).toEqual([[{ userId: outsider.userId, role: 'member' }]]);
    expect(await lengthOf(talk)).toBe(before + 2);
  });
}
