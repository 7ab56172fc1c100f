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

  test('a send that is done holds nothing', async () => {
    const lane = new Lane();
    lane.refuse(lane.enter('one'));
    await lane.run(lane.enter('one'), null, async () => 'done');
    expect(lane.blocks({ lane, position: Number.MAX_SAFE_INTEGER, clientMessageId: '' })).toBe(false);
  });
});
