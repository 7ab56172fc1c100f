import { describe, expect, test } from 'bun:test';
import { createDrafts, type DraftStorage } from './drafts.ts';

function storageOf(map: Map<string, string>): DraftStorage {
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
    key: (index) => [...map.keys()][index] ?? null,
    get length() {
      return map.size;
    },
  };
}

describe('drafts', () => {
  test('a draft outlives the page', () => {
    const map = new Map<string, string>();
    createDrafts(storageOf(map), 'ada').write('c1', 'half a\nthought ');
    expect(createDrafts(storageOf(map), 'ada').read('c1')).toBe('half a\nthought ');
  });

  test('a draft belongs to one user and one conversation', () => {
    const map = new Map<string, string>();
    createDrafts(storageOf(map), 'ada').write('c1', 'mine');
    expect(createDrafts(storageOf(map), 'bob').read('c1')).toBe('');
    expect(createDrafts(storageOf(map), 'ada').read('c2')).toBe('');
  });

  test('blank text is no draft', () => {
    const map = new Map<string, string>();
    const drafts = createDrafts(storageOf(map), 'ada');
    drafts.write('c1', 'x');
    drafts.write('c1', ' \n ');
    expect(drafts.read('c1')).toBe('');
    expect(map.size).toBe(0);
  });

  test('log-out forgets this user only', () => {
    const map = new Map<string, string>();
    const ada = createDrafts(storageOf(map), 'ada');
    ada.write('c1', 'a');
    ada.write('c2', 'b');
    createDrafts(storageOf(map), 'bob').write('c1', 'c');
    ada.clear();
    expect(ada.read('c1')).toBe('');
    expect([...map.values()]).toEqual(['c']);
  });

  test('a full storage loses nothing while the page lives', () => {
    const refuse = () => {
      throw new Error('full');
    };
    const drafts = createDrafts(
      { getItem: refuse, setItem: refuse, removeItem: refuse, key: refuse, length: 0 },
      'a',
    );
    drafts.write('c1', 'kept');
    expect(drafts.read('c1')).toBe('kept');
    expect(createDrafts(null, 'a').read('c1')).toBe('');
  });

  test('listeners hear of a change until they leave', () => {
    const drafts = createDrafts(null, 'a');
    let heard = 0;
    const leave = drafts.subscribe(() => (heard += 1));
    drafts.write('c1', 'x');
    leave();
    drafts.write('c1', 'y');
    expect(heard).toBe(1);
  });
});
