import { expect, test } from 'bun:test';
import { rightsOf } from './permissions.ts';

test('a direct conversation offers nothing to change', () => {
  const rights = rightsOf({ type: 'direct', role: 'owner' });
  expect([rights.mayRename, rights.mayAdd, rights.mayLeave, rights.mayRemove('member')]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(rights.rolesFor('member')).toEqual([]);
});

test('an owner may do everything, also to owners', () => {
  const rights = rightsOf({ type: 'group', role: 'owner' });
  expect(rights.mayRemove('owner')).toBe(true);
  expect(rights.rolesFor('member')).toEqual(['owner', 'admin']);
});

test('an admin acts on members only and gives no roles', () => {
  const rights = rightsOf({ type: 'group', role: 'admin' });
  expect([rights.mayRename, rights.mayRemove('member'), rights.mayRemove('admin')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(rights.rolesFor('member')).toEqual([]);
});

test('a member may leave', () => {
  const rights = rightsOf({ type: 'group', role: 'member' });
  expect([rights.mayLeave, rights.mayAdd, rights.mayRemove('member')]).toEqual([true, false, false]);
});
