import { expect, setDefaultTimeout, test } from 'bun:test';
import { metricOf } from '../metrics.ts';
import type { Device } from '../raw-client.ts';
import { sayMany } from '../sayings.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(60_000));

const THREADS = 3;
const PEOPLE = 10;

if (!isOnFleet)
  test('[G1.2][G2.1][G4.1][G5.1] threads behind one port are one server: one order at all of them, a removal at all of them, through kill -9', async () => {
    await using scene = await Scene.onOneMachine({ CONFAB_WORKERS: String(THREADS) });
    const { server } = scene;
    const people = await scene.people('t', PEOPLE);
    const [owner, removed, ...others] = people;
    if (owner === undefined || removed === undefined) throw new Error('two people');
    const talk = await scene.group(owner, [removed, ...others]);
    const { conversationId } = talk;
    const removedPhone = await scene.connected(removed, 'phone');
    const staying: Device[] = [];
    for (const person of [owner, ...others])
      for (const name of ['phone', 'web']) staying.push(await scene.connected(person, name));
    expect(await metricOf(server, 'confab_nodes')).toBe(THREADS);
    expect(await metricOf(server, 'confab_connections')).toBe(staying.length + 1);

    const sayAll = async (): Promise<unknown> =>
      Promise.all(staying.map(async (device) => sayMany(device, conversationId, scaled(30), 4)));
    const before = sayAll();
    const [removal] = await owner.http.removeMember(conversationId, removed.userId);
    await before;
    expect(await metricOf(server, 'confab_events_committed_total')).toBeGreaterThan(
      scaled(30) * staying.length,
    );
    await removedPhone.reach(conversationId, removal?.sequence ?? 0);

    const during = sayAll();
    await server.kill();
    await server.start();
    await Promise.all([removedPhone, ...staying].map(async (device) => device.connect()));
    await during;
    const { length } = (await scene.log(talk)).events;
    for (const device of staying) await device.reach(conversationId, length);
    expect(await scene.breaches()).toEqual([]);
    await server.stop();
  });
