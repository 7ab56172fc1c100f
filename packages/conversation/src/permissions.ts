import type { ConversationType, Role } from '@confab/protocol';

/** What a member may be allowed to do; the rest any member may. */
export type Permission = 'send' | 'rename' | 'add_members' | 'remove_members' | 'change_roles' | 'leave';

const everyone: readonly Role[] = ['owner', 'admin', 'member'];
const stewards: readonly Role[] = ['owner', 'admin'];

/**
 * Who may do what, as data. An empty list means that the type has no such operation. A direct conversation has two
 * members for ever; nobody is added, removed or above the other.
 */
export const permissions: Readonly<Record<ConversationType, Readonly<Record<Permission, readonly Role[]>>>> =
  {
    direct: { send: everyone, rename: [], add_members: [], remove_members: [], change_roles: [], leave: [] },
    group: {
      send: everyone,
      rename: stewards,
      add_members: stewards,
      remove_members: stewards,
      change_roles: ['owner'],
      leave: everyone,
    },
  };

const rank: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

/** Whether `actor` may act on a member with role `target`: only on roles below one's own, owners on all. */
export function outranks(actor: Role, target: Role): boolean {
  return actor === 'owner' || rank[actor] > rank[target];
}
