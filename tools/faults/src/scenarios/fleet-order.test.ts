import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { FleetProcess } from '../fleet/fleet-process.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { HttpClient, type Answer } from '../http-client.ts';
import { tokenFor } from '../jwt.ts';
import { sayMany } from '../sayings.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import { isOnFleet } from '../topology.ts';
import { listIn, objectIn, readPage, readSummary, textIn, type JsonObject } from '../wire.ts';

setDefaultTimeout(patienceMs(120_000));

/** The HTTP side of one gateway, for a person; for nobody where none is given. */
function at(scene: Scene<FleetProcess>, node: number, person?: Person): HttpClient {
  const { url } = scene.server.node(node);
  const token = person === undefined ? undefined : tokenFor(person.subject);
  return new HttpClient(
    () => url,
    () => token,
  );
}

async function inGroup(scene: Scene<FleetProcess>, count: number): Promise<{ people: Person[]; talk: Talk }> {
  const people = await scene.people('p', count);
  const [owner, ...others] = people;
  if (owner === undefined) throw new Error('nobody');
  return { people, talk: await scene.group(owner, others) };
}

const conversationIdOf = ({ json }: Answer): string =>
  textIn(objectIn(json, 'conversation'), 'conversationId');

/** How often each of the answers was given. */
function counted(answers: readonly unknown[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(answers, String);
  return Object.fromEntries([...groups].map(([answer, { length }]) => [answer, length]));
}

/** Each way to read where a conversation stands: the sequence that it shows. */
const READS: readonly ((http: HttpClient, conversationId: string) => Promise<number>)[] = [
  async (http, id) => (await http.summary(id)).head.sequence,
  async (http, id) => readPage(await http.get(`/v1/conversations/${id}/events`)).events.at(-1)?.sequence ?? 0,
  async (http, id) => {
    const page = listIn(await http.get(`/v1/conversations/${id}/messages?limit=1`), 'messages');
    return Number((page.at(-1) as JsonObject | undefined)?.['sequence'] ?? 0);
  },
  async (http, id) => {
    const listed = listIn(await http.get('/v1/conversations?limit=200'), 'conversations').map(readSummary);
    return listed.find(({ conversationId }) => conversationId === id)?.head.sequence ?? 0;
  },
];

if (isOnFleet)
  describe('one order through all gateways', () => {
    test('[G2.1][G2.2][G2.3] one hot conversation with senders on all gateways is dense, and the same for everybody', async () => {
      await using scene = await Scene.onFleet();
      const { people, talk } = await inGroup(scene, 12);
      const devices = await Promise.all(
        people.map(async (person, index) => {
          const device = scene.deviceAt(person, 'phone', scene.server.node(index).url);
          await device.connect();
          return device;
        }),
      );
      const each = scaled(1_000);
      const fromMs = performance.now();
      await Promise.all(devices.map(async (device) => sayMany(device, talk.conversationId, each, 20)));
      const perSecond = (each * devices.length * 1_000) / (performance.now() - fromMs);
      noteMeasured('hot conversation, generator and all in one process', {
        perSecond: Math.round(perSecond),
      });
      for (const device of devices) await device.reach(talk.conversationId, 1 + each * devices.length);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[G9.3] what was acknowledged through one gateway is read through another at once', async () => {
      await using scene = await Scene.onFleet();
      const lanes = scene.server.nodes.length * 4;
      const { people } = await inGroup(scene, lanes);
      const rounds = Math.ceil(scaled(10_000) / lanes);
      const misses: string[] = [];
      await Promise.all(
        people.map(async (person, lane) => {
          const { conversationId } = await scene.group(person, []);
          for (let round = 0; round < rounds; round += 1) {
            const body = { clientMessageId: crypto.randomUUID(), body: `m ${round}` };
            const path = `/v1/conversations/${conversationId}/messages`;
            const said = await at(scene, lane + round, person).post(path, body);
            const read = READS[round % READS.length];
            const seen =
              (await read?.(at(scene, lane + round + 1 + (round % 2), person), conversationId)) ?? 0;
            if (seen < Number(said['sequence']))
              misses.push(`way ${round % READS.length} showed ${seen} after ${String(said['sequence'])}`);
          }
        }),
      );
      expect(misses).toEqual([]);
    });

    test('[G3.4][P2.1][P7.1] the same name, pair or group asked for through several gateways at one moment is made once', async () => {
      await using scene = await Scene.onFleet();
      const nodes = [0, 1, 2];
      const anna = await scene.person('anna');
      for (let round = 0; round < scaled(20, 100); round += 1) {
        const credentials = { username: scene.nameOf(`name${round}`), password: 'correct horse battery' };
        const post = { method: 'POST', path: '/v1/accounts', body: credentials };
        const registered = await Promise.all(nodes.map(async (node) => at(scene, node).call(post)));
        const codes = registered.map(({ status, json }) => (status === 201 ? 'made' : json['code']));
        expect(counted(codes)).toEqual({ made: 1, username_taken: 2 });
        const winner = registered.find(({ status }) => status === 201)?.json['userId'];
        const sessions = nodes.map(async (node) => at(scene, node).post('/v1/sessions', credentials));
        for (const session of await Promise.all(sessions)) expect(session['userId']).toBe(winner);

        const other = await scene.person(`other${round}`);
        const pair = (memberId: string) => ({
          method: 'POST',
          path: '/v1/conversations',
          body: { type: 'direct', memberIds: [memberId] },
        });
        const direct = await Promise.all([
          at(scene, 0, anna).call(pair(other.userId)),
          at(scene, 1, other).call(pair(anna.userId)),
          at(scene, 2, anna).call(pair(other.userId)),
        ]);
        expect(counted(direct.map(({ status }) => status))).toEqual({ 201: 1, 200: 2 });
        expect(new Set(direct.map(conversationIdOf)).size).toBe(1);

        const clientMessageId = crypto.randomUUID();
        const body = { type: 'group', memberIds: [other.userId], title: 'once', clientMessageId };
        const group = { method: 'POST', path: '/v1/conversations', body };
        const groups = await Promise.all(nodes.map(async (node) => at(scene, node, anna).call(group)));
        expect(counted(groups.map(({ status }) => status))).toEqual({ 201: 1, 200: 2 });
        expect(new Set(groups.map(conversationIdOf)).size).toBe(1);
      }
    });

    test('[G5.1] who is removed through one gateway, while another carries messages, gets nothing more through a third', async () => {
      await using scene = await Scene.onFleet();
      const { people, talk: last } = await inGroup(scene, 3);
      const [owner, speaking, member] = people;
      if (owner === undefined || speaking === undefined || member === undefined) throw new Error('three');
      const speaker = scene.deviceAt(speaking, 'phone', scene.server.node(1).url);
      const devices = [0, 1, 2].map((node) =>
        scene.deviceAt(member, `on${node}`, scene.server.node(node).url),
      );
      for (const device of [speaker, ...devices]) await device.connect();
      for (let round = 0; round < scaled(200); round += 1) {
        const { conversationId } = await scene.group(owner, [speaking, member]);
        for (const device of [speaker, ...devices]) await device.reach(conversationId, 1);
        const said = sayMany(speaker, conversationId, 6, 3);
        const [removal] = await at(scene, round, owner).removeMember(conversationId, member.userId);
        for (const node of [0, 1, 2]) {
          const path = `/v1/conversations/${conversationId}/events`;
          const { status } = await at(scene, node, member).call({ method: 'GET', path });
          expect([node, status]).toEqual([node, 404]);
        }
        await said;
        await sayMany(speaker, conversationId, 1);
        for (const device of devices) await device.reach(conversationId, removal?.sequence ?? 0);
      }
      // What the member was sent before this has come by the time this comes.
      const head = await sayMany(speaker, last.conversationId, 1);
      for (const device of devices) await device.reach(last.conversationId, head);
      expect(await scene.breaches()).toEqual([]);
    });
  });
