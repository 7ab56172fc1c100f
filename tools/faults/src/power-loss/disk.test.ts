import { describe, expect, test } from 'bun:test';
import { SeededRandom } from '@confab/testkit';
import { Disk } from './disk.ts';
import type { DiskOperation } from './disk-operation.ts';

const SEEDS = 300;
const PAGE = 4_096;

function write(file: string, offset: number, size: number, byte: number): DiskOperation {
  return { kind: 'write', file, offset, bytes: new Uint8Array(size).fill(byte) };
}

function sync(file: string | null, number: number): readonly DiskOperation[] {
  return [
    { kind: 'sync_begins', file, sync: number },
    { kind: 'sync_ends', file, sync: number },
  ];
}

/** Everything that the folder may hold after these operations, by as many chances. */
function outcomesOf(operations: readonly DiskOperation[]): readonly ReadonlyMap<string, Uint8Array>[] {
  const disk = new Disk(new Map());
  for (const operation of operations) disk.apply(operation);
  return Array.from({ length: SEEDS }, (_, seed) => disk.afterPowerLoss(new SeededRandom(seed)));
}

const lasting: readonly DiskOperation[] = [
  { kind: 'create', file: 'a' },
  ...sync(null, 1),
  write('a', 0, 2 * PAGE, 1),
  ...sync('a', 2),
];

describe('a disk without power', () => {
  test('what was synced is there, whatever else', () => {
    const outcomes = outcomesOf([...lasting, write('a', 2 * PAGE, PAGE, 2)]);
    for (const files of outcomes) {
      const bytes = files.get('a') ?? new Uint8Array();
      expect(bytes.length).toBeGreaterThanOrEqual(2 * PAGE);
      expect(bytes.subarray(0, 2 * PAGE).every((byte) => byte === 1)).toBe(true);
    }
  });

  test('of two pages that were not synced there may be none, either, both, and part of the last', () => {
    const outcomes = outcomesOf([...lasting, write('a', 0, 2 * PAGE, 2)]);
    const shapes = new Set(
      outcomes.map((files) => {
        const bytes = files.get('a') ?? new Uint8Array();
        const shares = [0, 1].map((page) => bytes.subarray(page * PAGE, (page + 1) * PAGE));
        return shares
          .map((share) => share.filter((byte) => byte === 2).length)
          .map((count) => (count === 0 ? 'old' : count === PAGE ? 'new' : 'torn'))
          .join();
      }),
    );
    expect([...shapes].toSorted()).toEqual([
      'new,new',
      'new,old',
      'new,torn',
      'old,new',
      'old,old',
      'old,torn',
      'torn,old',
    ]);
  });

  test('a torn page ends between two sectors', () => {
    for (const files of outcomesOf([...lasting, write('a', 100, 3_000, 2)])) {
      const count = (files.get('a') ?? new Uint8Array()).filter((byte) => byte === 2).length;
      expect(count === 0 || count === 3_000 || (100 + count) % 512 === 0).toBe(true);
    }
  });

  test('what was written while a sync was under way is not covered by it', () => {
    const [begins, ends] = sync('a', 3);
    if (begins === undefined || ends === undefined) throw new Error('a sync has two ends');
    const outcomes = outcomesOf([...lasting, begins, write('a', 0, PAGE, 2), ends]);
    expect(outcomes.some((files) => files.get('a')?.[0] === 1)).toBe(true);
  });

  test('a name lasts from the sync of its folder on, and names change in their order', () => {
    const operations: readonly DiskOperation[] = [
      ...lasting,
      { kind: 'create', file: 'b' },
      ...sync('b', 4),
      { kind: 'rename', file: 'b', to: 'c' },
      { kind: 'unlink', file: 'a' },
    ];
    const names = new Set(outcomesOf(operations).map((files) => [...files.keys()].toSorted().join()));
    expect([...names].toSorted()).toEqual(['a', 'a,b', 'a,b,c', 'a,c', 'c']);
    const synced = outcomesOf([...operations, ...sync(null, 5)]);
    expect(new Set(synced.map((files) => [...files.keys()].join()))).toEqual(new Set(['c']));
  });

  test('the same seed gives the same disk', () => {
    const operations = [...lasting, write('a', 0, 20 * PAGE, 2)];
    expect(outcomesOf(operations)).toEqual(outcomesOf(operations));
  });
});
