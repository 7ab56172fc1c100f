import { describe, expect, test } from 'bun:test';
import { ConfabError } from '@confab/protocol';
import { Lane } from './lane.ts';

const codeOf = (error: ConfabError) => error.code as string;
const unavailable = () => Promise.reject(new ConfabError('unavailable'));

describe('a lane', () => {
  test('[G2.2] holds what came behind a refused send, until that is sent again', () => {
    const lane = new Lane();
    const [one, two] = [lane.enter('one'), lane.enter('two')];
    expect(lane.blocks(two)).toBe(false);
    lane.refuse(one);
    expect(lane.blocks(one)).toBe(false);
    expect(lane.blocks(two)).toBe(true);
    const again = lane.enter('one');
    expect(lane.blocks(again)).toBe(false);
    expect(lane.blocks(lane.enter('three'))).toBe(false);
  });

  test('[G2.2] what came before the retry and is decided after it stays refused', () => {
    const lane = new Lane();
    const [one, two] = [lane.enter('one'), lane.enter('two')];
    lane.refuse(one);
    const again = lane.enter('one');
    expect(lane.blocks(two)).toBe(true);
    expect(lane.blocks(again)).toBe(false);
  });

  test('[G2.2] one refused only for standing behind another holds those behind it too', () => {
    const lane = new Lane();
    const [one, two] = [lane.enter('one'), lane.enter('two')];
    lane.refuse(one);
    expect(lane.holdsBack(two)).toBe(true);
    lane.abandon('one');
    const three = lane.enter('three');
    expect(lane.blocks(three)).toBe(true);
    expect(lane.blocks(lane.enter('two'))).toBe(false);
    expect(lane.blocks(lane.enter('four'))).toBe(false);
  });

  test('[G2.2] a retry that is refused again holds the same place', () => {
    const lane = new Lane();
    const one = lane.enter('one');
    lane.refuse(one);
    const two = lane.enter('two');
    lane.refuse(lane.enter('one'));
    expect(lane.blocks(two)).toBe(true);
  });

  test('[G2.2] hands requests over in order, whichever is prepared first', async () => {
    const lane = new Lane();
    const handed: string[] = [];
    const gates = new Map<string, () => void>();
    const prepared = (name: string) => () => new Promise<void>((resolve) => void gates.set(name, resolve));
    const submit = (name: string) => async () => void handed.push(name);
    const all = [
      lane.run(lane.enter('one'), prepared('one'), submit('one')),
      lane.run(lane.enter('two'), prepared('two'), submit('two')),
      lane.run(lane.enter('three'), null, submit('three')),
    ];
    gates.get('two')?.();
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(handed).toEqual([]);
    gates.get('one')?.();
    await Promise.all(all);
    expect(handed).toEqual(['one', 'two', 'three']);
    const later = lane.run(lane.enter('four'), null, submit('four'));
    expect(handed.at(-1)).toBe('four');
    await later;
  });

  test('[G2.2] nobody overtakes who still prepares, though those before are done', async () => {
    const lane = new Lane();
    const handed: string[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const submit = (name: string) => async () => void handed.push(name);
    const one = lane.run(lane.enter('one'), () => gates[0].promise, submit('one'));
    const two = lane.run(lane.enter('two'), () => gates[1].promise, submit('two'));
    gates[0].resolve();
    await one;
    const three = lane.run(lane.enter('three'), null, submit('three'));
    expect(handed).toEqual(['one']);
    gates[1].resolve();
    await Promise.all([two, three]);
    expect(handed).toEqual(['one', 'two', 'three']);
  });

  test('[G2.2] who is refused while preparing lets nobody overtake those before', async () => {
    const lane = new Lane();
    const handed: string[] = [];
    const gate = Promise.withResolvers<void>();
    const submit = (name: string) => async () => void handed.push(name);
    const invalid = () => Promise.reject(new ConfabError('invalid'));
    const all = [
      lane.run(lane.enter('one'), () => gate.promise, submit('one')),
      lane.run(lane.enter('two'), invalid, submit('two')).catch(codeOf),
      lane.run(lane.enter('three'), null, submit('three')),
    ];
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(handed).toEqual([]);
    gate.resolve();
    await Promise.all(all);
    expect(handed).toEqual(['one', 'three']);
  });

  test('a late refusal of an earlier attempt does not shut the lane behind a later one', () => {
    const lane = new Lane();
    const one = lane.enter('one');
    lane.refuse(one);
    lane.enter('one');
    lane.refuse(one);
    expect(lane.blocks(lane.enter('two'))).toBe(false);
  });

  test('[G2.2] a refusal while preparing holds what is behind; a final one does not', async () => {
    const lane = new Lane();
    const two = lane.enter('two');
    expect(await lane.run(two, unavailable, async () => 'done').catch(codeOf)).toBe('unavailable');
    expect(lane.blocks(lane.enter('three'))).toBe(true);
    const again = lane.enter('two');
    const conflict = () => Promise.reject(new ConfabError('idempotency_conflict'));
    expect(await lane.run(again, null, conflict).catch(codeOf)).toBe('idempotency_conflict');
    expect(lane.blocks(lane.enter('four'))).toBe(false);
  });

  test('[G2.2] a fault holds what is behind it, as a refusal that may be retried does', async () => {
    const lane = new Lane();
    const broken = () => Promise.reject(new Error('a fault of ours'));
    expect(await lane.run(lane.enter('one'), null, broken).catch(() => 'internal')).toBe('internal');
    expect(lane.blocks(lane.enter('two'))).toBe(true);
  });

  test('[G2.2] refusals that were made good leave room for later ones', async () => {
    const lane = new Lane();
    for (let count = 0; count < 2_000; count += 1) {
      lane.refuse(lane.enter(`refused ${count}`));
      await lane.run(lane.enter(`refused ${count}`), null, async () => 'done');
    }
    lane.refuse(lane.enter('last'));
    expect(lane.blocks(lane.enter('behind it'))).toBe(true);
  });

  test('[G2.2] as many refusals as a connection may have under way are remembered', () => {
    const lane = new Lane();
    const places = Array.from({ length: 1_000 }, (_, index) => lane.enter(`${index}`));
    for (const place of places) lane.refuse(place);
    for (let index = 0; index < 999; index += 1) lane.abandon(`${index}`);
    expect(lane.blocks(lane.enter('behind the last'))).toBe(true);
  });

  test('a send that is done holds nothing', async () => {
    const lane = new Lane();
    lane.refuse(lane.enter('one'));
    await lane.run(lane.enter('one'), null, async () => 'done');
    expect(lane.blocks({ lane, position: Number.MAX_SAFE_INTEGER, clientMessageId: '' })).toBe(false);
  });
});

test('[G2.2] a send stands where it was first sent, also where its retry is refused before it', () => {
  const lane = new Lane();
  const [first, second] = [lane.enter('first'), lane.enter('second')];
  const again = lane.enter('first');
  lane.refuse(again);
  lane.refuse(second);
  lane.refuse(first);
  expect(lane.blocks(lane.enter('second'))).toBe(true);
});
