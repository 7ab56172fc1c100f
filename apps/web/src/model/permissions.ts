import type { ConversationView } from '@confab/client';

export type Role = ConversationView['role'];

const rank: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

/** What the reader may do in a conversation. Only what is offered depends on it; what is allowed the server decides. */
export interface GroupRights {
  readonly mayRename: boolean;
  readonly mayAdd: boolean;
  readonly mayLeave: boolean;
  readonly mayRemove: (role: Role) => boolean;
  /** The roles that may be given to a member of this role. */
  readonly rolesFor: (role: Role) => readonly Role[];
}

export function rightsOf({ type, role }: Pick<ConversationView, 'type' | 'role'>): GroupRights {
  const isGroup = type === 'group';
  const isSteward = isGroup && rank[role] >= rank.admin;
  return {
    mayRename: isSteward,
    mayAdd: isSteward,
    mayLeave: isGroup,
    mayRemove: (other) => isSteward && (role === 'owner' || rank[role] > rank[other]),
    rolesFor: (other) =>
      isGroup && role === 'owner'
        ? (['owner', 'admin', 'member'] as const).filter((option) => option !== other)
        : [],
  };
}
