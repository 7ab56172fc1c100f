import { expect, test } from 'bun:test';
import { DrivenClock } from '@confab/testkit';
import { Owners } from './owners.ts';

const sha256Hex = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');
const digest = { sha256Hex, sha256Id: sha256Hex, keyed: sha256Hex };
const ids = Array.from({ length: 300 }, (_, index) => `g${index}`);

/** What node `n1` takes for owners; null stands for itself. */
function ownersAmong(
  list: readonly string[],
  clock = new DrivenClock(0),
  owners = () => list,
  digestOf = digest,
): Owners {
  const directory = {
    owners,
    live: owners,
    join: () => Promise.resolve(),
    retire: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  };
  return new Owners({ nodeId: 'n1', directory, clock, digest: digestOf });
}

const ownersIn = (owners: Owners): readonly (string | null)[] => ids.map((id) => owners.otherOwnerOf(id));

test('each node owns its share, and one that goes takes no more than its own with it', () => {
  const before = ownersIn(ownersAmong(['n1', 'n2', 'n3']));
  for (const owner of [null, 'n2', 'n3']) {
    expect(before.filter((one) => one === owner).length).toBeGreaterThan(ids.length / 5);
  }
  const after = ownersIn(ownersAmong(['n1', 'n2']));
  const moved = before.filter((owner, index) => owner !== after[index]);
  expect(new Set(moved)).toEqual(new Set(['n3']));
});

test('a node alone, or one that has retired among none, writes what it is asked', () => {
  expect(new Set(ownersIn(ownersAmong(['n1'])))).toEqual(new Set([null]));
  expect(new Set(ownersIn(ownersAmong([])))).toEqual(new Set([null]));
  expect(new Set(ownersIn(ownersAmong(['n2'])))).toEqual(new Set(['n2']));
});

test('a node that does not answer is passed over for a while', () => {
  const clock = new DrivenClock(0);
  const owners = ownersAmong(['n1', 'n2', 'n3'], clock);
  const before = ownersIn(owners);
  owners.passOver('n2');
  expect(ownersIn(owners)).not.toContain('n2');
  clock.fireNext(4_999);
  expect(ownersIn(owners)).not.toContain('n2');
  clock.fireNext(5_000);
  expect(ownersIn(owners)).toEqual(before);
});

test('[G9.5] who comes or goes is known at once, and who is silent stays passed over meanwhile', () => {
  const clock = new DrivenClock(0);
  let list = ['n1', 'n2', 'n3'];
  const owners = ownersAmong([], clock, () => list);
  expect(new Set(ownersIn(owners))).toEqual(new Set([null, 'n2', 'n3']));
  owners.passOver('n2');
  list = ['n1', 'n2', 'n4'];
  expect(new Set(ownersIn(owners))).toEqual(new Set([null, 'n4']));
  owners.passOver('n4');
  expect(new Set(ownersIn(owners))).toEqual(new Set([null]));
});

test('[G8.1] the owners of twenty thousand conversations are remembered, and not of more', () => {
  const list = ['n1', 'n2'];
  let asked = 0;
  const counted = (text: string): string => {
    asked += 1;
    return text;
  };
  const counting = { ...digest, sha256Hex: counted };
  const owners = ownersAmong(list, new DrivenClock(0), () => list, counting);
  for (let index = 0; index < 20_000; index += 1) owners.otherOwnerOf(`g${index}`);
  const before = asked;
  owners.otherOwnerOf('g0');
  expect(asked).toBe(before);
  owners.otherOwnerOf('one more');
  owners.otherOwnerOf('g0');
  expect(asked).toBe(before + 2 * list.length);
});
