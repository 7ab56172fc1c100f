import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { lookUntil } from '../deadline.ts';
import { Ear } from '../ear.ts';
import { patienceMs } from '../scale.ts';
import { receiptSeenMsMax } from '../topology.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import { listIn, type Frame, type JsonObject } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function people<const N extends readonly string[]>(
  of: Scene,
  ...names: N
): Promise<{ readonly [K in keyof N]: Person }> {
  const made = await Promise.all(names.map(async (name) => of.person(name)));
  return made as unknown as { readonly [K in keyof N]: Person };
}

async function conversationOf({ http }: Person, conversationId: string): Promise<JsonObject> {
  return (await http.get(`/v1/conversations/${conversationId}`))['conversation'] as JsonObject;
}

const sayTo = async (ear: Ear, conversationId: string, count: number): Promise<void> => {
  for (let said = 0; said < count; said += 1) await ear.say(conversationId, `m${said}`);
};

/** What `person` was told of `userId` in a conversation, in the order in which it came. */
const toldOf = (ear: Ear, conversationId: string, userId: string): readonly Frame[] =>
  ear
    .ofType('receipt_event')
    .filter((frame) => frame['conversationId'] === conversationId && frame['userId'] === userId);

test('[P8.1] a receipt moves what was received and read forwards alone, up to the head, and who has read has received', async () => {
  const [anna, ben] = await people(scene, 'anna-marks', 'ben-marks');
  await using speaker = await Ear.open(scene, anna, { deviceId: 'phone' });
  await using reader = await Ear.open(scene, ben, { deviceId: 'phone' });
  await using laptop = await Ear.open(scene, ben, { deviceId: 'laptop' });
  const { conversationId } = await scene.direct(anna, ben);
  await sayTo(speaker, conversationId, 10);
  const steps: readonly (readonly [ear: Ear, receipt: object, delivered: number, read: number])[] = [
    [reader, { delivered: 4 }, 4, 0],
    [reader, { delivered: 2 }, 4, 0],
    [laptop, { delivered: 3 }, 4, 0],
    [reader, { read: 6 }, 6, 6],
    [laptop, { read: 5, delivered: 5 }, 6, 6],
    [reader, { read: 3 }, 6, 6],
    [reader, { read: 0, delivered: 0 }, 6, 6],
    [laptop, { delivered: 8, read: 7 }, 8, 7],
    [reader, { delivered: 1_000_000 }, 11, 7],
    [laptop, { read: 1_000_000 }, 11, 11],
  ];
  for (const [ear, receipt, delivered, read] of steps) {
    const answer = await ear.ask({ type: 'receipt', conversationId, ...receipt });
    expect(answer).toMatchObject({ type: 'accepted', verb: 'receipt' });
    const watermarks = [{ userId: ben.userId, delivered, read }];
    await lookUntil(receiptSeenMsMax, async () => {
      const seen = await conversationOf(anna, conversationId);
      expect([receipt, seen['watermarks']]).toEqual([receipt, watermarks]);
    });
    const own = await conversationOf(ben, conversationId);
    // The floor is never below the event by which the conversation began.
    const floor = Math.max(1, read);
    expect(own).toMatchObject({ read: { sequence: floor }, unread: 11 - floor });
  }
  // Clamped to the head of then: what comes later is neither received nor read.
  await sayTo(speaker, conversationId, 2);
  const later = await conversationOf(anna, conversationId);
  expect(later['watermarks']).toEqual([{ userId: ben.userId, delivered: 11, read: 11 }]);
  expect(await conversationOf(ben, conversationId)).toMatchObject({ unread: 2 });
});

test('[P8.2] members are told of the watermarks of the others at once, and find them in heads and sync_page', async () => {
  const [anna, ben, cleo] = await people(scene, 'anna-told', 'ben-told', 'cleo-told');
  await using annas = await Ear.open(scene, anna, { deviceId: 'phone' });
  await using cleos = await Ear.open(scene, cleo, { deviceId: 'phone' });
  await using bens = await Ear.open(scene, ben, { deviceId: 'phone' });
  const group = await scene.group(anna, [ben, cleo]);
  const direct = await scene.direct(anna, ben);
  for (const { conversationId } of [group, direct]) {
    await sayTo(annas, conversationId, 5);
    await bens.ask({ type: 'receipt', conversationId, delivered: 3 });
    await annas.next((frame) => isAbout(frame, conversationId, 3, undefined), 'what was received');
    await bens.ask({ type: 'receipt', conversationId, read: 5 });
    const ears = conversationId === direct.conversationId ? [annas] : [annas, cleos];
    for (const ear of ears) {
      await ear.next((frame) => isAbout(frame, conversationId, 5, 5), 'what was read');
      // The floor and what is unread are for the own devices alone.
      for (const told of toldOf(ear, conversationId, ben.userId))
        expect([told['floor'], told['unread']]).toEqual([undefined, undefined]);
      const page = await ear.ask({ type: 'sync', conversationId, after: null });
      expect(page['watermarks']).toEqual([{ userId: ben.userId, delivered: 5, read: 5 }]);
    }
    const own = await bens.ask({ type: 'sync', conversationId, after: null });
    expect(JSON.stringify(own['watermarks'] ?? [])).not.toContain(ben.userId);
  }
  await using again = await Ear.open(scene, anna, { deviceId: 'phone' });
  const items = again.ofType('heads').flatMap((heads) => listIn(heads, 'items') as readonly JsonObject[]);
  const told = new Map(items.map((item) => [item['conversationId'], item['watermarks']]));
  expect(told.get(direct.conversationId)).toEqual([{ userId: ben.userId, delivered: 5, read: 5 }]);

  function isAbout(
    frame: Frame,
    conversationId: string,
    delivered: number,
    read: number | undefined,
  ): boolean {
    const isOf = frame.type === 'receipt_event' && frame['conversationId'] === conversationId;
    const isAt = frame['delivered'] === delivered && frame['read'] === read;
    return isOf && isAt && frame['userId'] === ben.userId;
  }
});

/** A group of 100, into which the 101st comes afterwards. */
async function crowd(
  of: Scene,
  name: string,
): Promise<{ talk: Talk; anna: Person; ben: Person; grow: () => Promise<void> }> {
  const [anna, ben, ...others] = await of.people(name, 101);
  const last = others.pop();
  if (anna === undefined || ben === undefined || last === undefined) throw new Error('a crowd');
  const talk = await of.group(anna, [ben, ...others]);
  const grow = async (): Promise<void> => {
    await anna.http.addMembers(talk.conversationId, [last.userId]);
  };
  return { talk, anna, ben, grow };
}

test('[P8.2] in a conversation of 100 members receipts are told, in one of 101 they are not', async () => {
  const { talk, anna, ben, grow } = await crowd(scene, 'crowd-receipts');
  const { conversationId } = talk;
  const small = await scene.group(anna, [ben]);
  await using annas = await Ear.open(scene, anna, { deviceId: 'phone' });
  await using bens = await Ear.open(scene, ben, { deviceId: 'phone' });
  await sayTo(annas, conversationId, 3);
  await bens.ask({ type: 'receipt', conversationId, read: 2 });
  await annas.next(({ type, read }) => type === 'receipt_event' && read === 2, 'the receipt among 100');
  await grow();
  await bens.ask({ type: 'receipt', conversationId, read: 4 });
  // What is told of the small group comes behind what would have been told of the large one.
  await bens.ask({ type: 'receipt', conversationId: small.conversationId, read: 1 });
  const isOfSmall = (frame: Frame) => frame['conversationId'] === small.conversationId;
  await annas.next((frame) => frame.type === 'receipt_event' && isOfSmall(frame), 'the receipt among two');
  expect(toldOf(annas, conversationId, ben.userId).map((frame) => frame['read'])).toEqual([2]);
  expect(await conversationOf(ben, conversationId)).toMatchObject({ read: { sequence: 4 }, unread: 0 });
});

test('[P8.5] mentions are the messages above the floor that name the user, in heads and over HTTP, counted up to 100', async () => {
  const [anna, ben, cleo] = await people(scene, 'anna-named', 'ben-named', 'cleo-named');
  await using annas = await Ear.open(scene, anna, { deviceId: 'phone' });
  await using bens = await Ear.open(scene, ben, { deviceId: 'phone' });
  const { conversationId } = await scene.group(anna, [ben, cleo]);
  const counted = async (person: Person): Promise<unknown> => {
    const overHttp = (await conversationOf(person, conversationId))['mentions'];
    await using ear = await Ear.open(scene, person, { deviceId: 'count' });
    const items = ear.ofType('heads').flatMap((heads) => listIn(heads, 'items') as readonly JsonObject[]);
    const inHeads = items.find((item) => item['conversationId'] === conversationId)?.['mentions'];
    expect(inHeads).toBe(overHttp);
    return overHttp;
  };
  const name = async (...named: readonly Person[]): Promise<void> => {
    const mentions = named.map(({ userId }) => userId);
    await annas.say(conversationId, 'you', mentions.length === 0 ? {} : { mentions });
  };
  expect(await counted(ben)).toBe(0);
  for (const named of [[ben], [cleo], [ben, cleo], [], [ben]]) await name(...named);
  expect([await counted(ben), await counted(cleo), await counted(anna)]).toEqual([3, 2, 0]);
  for (const [read, left] of [
    [2, 2],
    [3, 2],
    [4, 1],
    [6, 0],
  ] as const) {
    await bens.ask({ type: 'receipt', conversationId, read });
    await lookUntil(receiptSeenMsMax, async () => expect([read, await counted(ben)]).toEqual([read, left]));
  }
  expect(await counted(cleo)).toBe(2);
  // The floor of one who comes back is the join.
  await name(cleo);
  await anna.http.removeMember(conversationId, cleo.userId);
  await anna.http.addMembers(conversationId, [cleo.userId]);
  expect(await counted(cleo)).toBe(0);
  for (let said = 0; said < 99; said += 1) await name(ben);
  expect(await counted(ben)).toBe(99);
  await name(ben);
  expect(await counted(ben)).toBe(100);
  await name(ben);
  expect(await counted(ben)).toBe(100);
  expect(await conversationOf(ben, conversationId)).toMatchObject({ unread: 102 });
});

test('[P9.1] typing is told to the other members alone, at its rate and not above it, and in no conversation of 101', async () => {
  await using limited = await Scene.start({ CONFAB_RATE_LIMITS: 'on' });
  const { talk, anna, ben, grow } = await crowd(limited, 'crowd-typing');
  const { conversationId } = talk;
  const stranger = await limited.person('stranger');
  await using annas = await Ear.open(limited, anna, { deviceId: 'phone' });
  await using laptop = await Ear.open(limited, anna, { deviceId: 'laptop' });
  await using bens = await Ear.open(limited, ben, { deviceId: 'phone' });
  await using strangers = await Ear.open(limited, stranger, { deviceId: 'phone' });
  expect(bens.ofType('hello')).toMatchObject([{ limits: { typingShownMs: 6000 } }]);
  expect(await annas.ask({ type: 'state', active: true })).toMatchObject({ type: 'accepted', verb: 'state' });

  const type = async (ear: Ear): Promise<Frame> => ear.ask({ type: 'typing', conversationId });
  expect(await type(annas)).toMatchObject({ type: 'accepted', verb: 'typing' });
  const isTyping = ({ type: of }: Frame) => of === 'typing_event';
  expect(await bens.next(isTyping, 'typing')).toEqual({
    type: 'typing_event',
    conversationId,
    userId: anna.userId,
  });
  // Faster than the rule allows: taken without a word, and told at most a few times.
  const answers = await Promise.all(Array.from({ length: 40 }, async () => type(annas)));
  expect(answers.filter(({ type: of }) => of !== 'accepted')).toEqual([]);
  await type(bens);
  await annas.next(isTyping, 'the other’s typing');
  await bens.reach((await annas.say(conversationId, 'behind all typing'))['messageId']);
  const told = bens.ofType('typing_event');
  expect([told.length >= 1, told.length <= 5]).toEqual([true, true]);
  for (const ear of [annas, laptop])
    expect(ear.ofType('typing_event')).toEqual([
      { type: 'typing_event', conversationId, userId: ben.userId },
    ]);
  expect(strangers.ofType('typing_event')).toEqual([]);
  expect(await type(strangers)).toMatchObject({ type: 'error', code: 'not_found' });

  // A pair of people in a small group has its full rate; in the large one nothing is told.
  await grow();
  const { length } = annas.ofType('typing_event');
  const small = await limited.group(anna, [ben]);
  expect(await type(bens)).toMatchObject({ type: 'accepted' });
  await bens.ask({ type: 'typing', conversationId: small.conversationId });
  await annas.reach((await bens.say(conversationId, 'behind'))['messageId']);
  await annas.reach((await bens.say(small.conversationId, 'behind'))['messageId']);
  expect(annas.ofType('typing_event').slice(length)).toEqual([
    { type: 'typing_event', conversationId: small.conversationId, userId: ben.userId },
  ]);
});
