import { ConfabError } from '@confab/protocol';
import { beforeEach, describe, expect, test } from 'bun:test';
import { defaultSettings } from '../settings.ts';
import { BusPair } from '../testing/bus-pair.ts';
import { Arrivals, numbered, placesUpTo } from '../testing/envelopes.ts';

describe('bus between two nodes', () => {
  let pair: BusPair;
  let arrivals: Arrivals;
  /** When B was told of a loss. */
  let toldAtMs: number[];
  beforeEach(() => {
    pair = new BusPair();
    arrivals = new Arrivals(pair.b, 'node-b');
    toldAtMs = [];
    pair.b.onLoss('node-b', () => toldAtMs.push(pair.nowMs));
  });

  const publish = (place: number): void => pair.a.publish('node-b', numbered('a', place));

  /** A is no more. */
  const remove = (): void => {
    pair.passes = () => false;
    pair.places.delete('node-a');
  };

  test('[BUS4] no loss is told of a link on which nothing is lost, whether it flows, pauses or rests', async () => {
    let place = 0;
    for (const pauseMs of [100, 300, 500, 1_900, 2_000, 2_100, 3_000, 5_000, 7_000, 10_000]) {
      for (let burst = 0; burst < 10; burst += 1) publish(place++);
      await pair.run(pauseMs);
    }
    expect(arrivals.of('a')).toEqual(placesUpTo(100));
    expect(toldAtMs).toEqual([]);
  });

  test('[BUS4] a node leaves and its last frame was lost on the way: told within 1.5 s', async () => {
    publish(0);
    await pair.run(100);
    pair.passes = (text) => !text.startsWith('1 data');
    publish(1);
    const leftAtMs = pair.nowMs;
    pair.a.close();
    await pair.arrive();
    remove();
    pair.b.nodeLeft('node-a');
    await pair.run(10_000);
    expect(toldAtMs).toHaveLength(1);
    expect((toldAtMs[0] ?? Infinity) - leftAtMs).toBeLessThan(1_500);
  });

  test('[BUS4] a node leaves in order: what waited with it arrives, and no loss is told', async () => {
    publish(0);
    await pair.run(100);
    publish(1);
    pair.a.close();
    await pair.arrive();
    remove();
    pair.b.nodeLeft('node-a');
    await pair.run(40_000);
    expect(arrivals.of('a')).toEqual([0, 1]);
    expect(toldAtMs).toEqual([]);
    expect(pair.b.stats().received).toEqual([]);
  });

  test('[BUS4] a node leaves after nothing was heard of it since this one listens again: told', async () => {
    await pair.run(5_000);
    pair.b.resubscribed();
    await pair.run(100);
    remove();
    pair.b.nodeLeft('node-a');
    await pair.run(10_000);
    expect(toldAtMs).toHaveLength(1);
  });

  test('[BUS4] what was published while this node did not listen is asked for at once when it does again', async () => {
    publish(0);
    await pair.run(100);
    // An idle link says little of itself, so the last frame of it would be missed for long.
    await pair.run(20_000);
    pair.passes = () => false;
    publish(1);
    await pair.arrive();
    pair.passes = () => true;
    pair.b.resubscribed();
    await pair.arrive();
    expect(arrivals.of('a')).toEqual([0, 1]);
    expect(toldAtMs).toEqual([]);
  });

  test('[BUS4] rows that were missing in the registry are a loss: what is for this node may have gone past it', async () => {
    await pair.run(5_000);
    expect(toldAtMs).toEqual([]);
    pair.b.rebuilt();
    await pair.run(1_000);
    expect(toldAtMs).toHaveLength(1);
  });

  test('[BUS3] a request to a node that is not there is refused at once, and so is one that reached nobody', async () => {
    const ask = async (): Promise<string> => {
      const refused: unknown = await pair.a.request('node-b', {}).then(
        () => 'answered',
        (error: unknown) => error,
      );
      return refused instanceof ConfabError ? refused.code : String(refused);
    };
    pair.places.delete('node-b');
    expect(await ask()).toBe('unavailable');
    pair.places.set('node-b', 'boot-b');
    pair.isHeard = false;
    expect(await ask()).toBe('unavailable');
    expect(pair.nowMs).toBe(0);
  });

  test('[BUS4] a node that fell silent is told every second until it is back', async () => {
    publish(0);
    await pair.run(100);
    remove();
    await pair.run(10_000);
    pair.b.nodeLost('node-a');
    toldAtMs.length = 0;
    await pair.run(60_000);
    expect(toldAtMs).toHaveLength(60);
    pair.places.set('node-a', 'boot-a');
    pair.passes = () => true;
    await pair.run(5_000);
    toldAtMs.length = 0;
    await pair.run(10_000);
    expect(toldAtMs).toEqual([]);
  });

  test('[BUS4] a node that stays away is told for two minutes', async () => {
    remove();
    pair.b.nodeLost('node-a');
    const lostAtMs = pair.nowMs;
    await pair.run(200_000);
    const { lostNodeMs, lossEveryMs } = defaultSettings;
    expect((toldAtMs.at(-1) ?? Infinity) - lostAtMs).toBeLessThanOrEqual(lostNodeMs);
    expect(toldAtMs).toHaveLength(lostNodeMs / lossEveryMs);
  });

  test('[BUS4] another run has the place of a node: told once, and the links of the run before are not waited for', async () => {
    publish(0);
    await pair.run(100);
    pair.passes = () => false;
    pair.places.set('node-a', 'boot-a2');
    pair.b.nodeLost('node-a');
    await pair.run(10_000);
    expect(toldAtMs).toHaveLength(1);
  });

  test('[BUS1] a node is taken for lost and lives: what it published does not come again', async () => {
    for (const place of [0, 1, 2]) publish(place);
    await pair.arrive();
    pair.b.nodeLost('node-a');
    publish(3);
    await pair.run(1_000);
    expect(arrivals.of('a')).toEqual([0, 1, 2, 3]);
  });

  test('[BUS1] a frame that is sent again as its node leaves does not come again', async () => {
    const texts: string[] = [];
    pair.passes = (text) => texts.push(text) > 0;
    for (const place of [0, 1]) {
      publish(place);
      await pair.arrive();
    }
    remove();
    pair.b.nodeLeft('node-a');
    for (const text of texts.filter((one) => one.startsWith('1 data node-a'))) pair.b.hear(text);
    await pair.run(2_000);
    expect(arrivals.of('a')).toEqual([0, 1]);
    expect(toldAtMs).toEqual([]);
  });

  test('[BUS1] who takes a node for lost begins anew with it, and the node hears of it', async () => {
    pair.b.publish('node-a', numbered('b', 0));
    await pair.run(100);
    const back = new Arrivals(pair.a, 'node-a');
    let told = 0;
    pair.a.onLoss('node-a', () => (told += 1));
    pair.b.publish('node-a', numbered('b', 1));
    pair.b.nodeLost('node-a');
    pair.b.publish('node-a', numbered('b', 2));
    await pair.run(5_000);
    expect(back.of('b')).toEqual([1, 2]);
    expect(told).toBe(1);
    expect(pair.a.stats().received).toHaveLength(1);
  });

  test('[BUS5] what is no frame of a node is passed over, counted and told once', async () => {
    const bodies = [
      '[null]',
      '[1,"ask",[],{}]',
      '[["ask"]]',
      '[["refuse","1",null,{}]]',
      'null',
      '{not json',
    ];
    for (const body of bodies) pair.b.hear(`1 talk node-a - 0 0\n${body}`);
    for (const body of ['[null]', '7', '[[]]']) pair.b.hear(`1 data node-a x/${body} 1 0\n${body}`);
    publish(0);
    await pair.arrive();
    expect(arrivals.of('a')).toEqual([0]);
    expect(pair.b.stats().passedOver).toBe(12);
    expect(pair.faults.map(({ where }) => where)).toEqual(['cluster-redis/bus/frame']);
  });

  test('[BUS3] who refuses for want of an answer names no node', async () => {
    for (const nodeId of ['node-b', 'node-nowhere']) {
      const error = await pair.a.request(nodeId, {}).catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(ConfabError);
      expect(String(error)).not.toContain('node');
    }
  });
});
