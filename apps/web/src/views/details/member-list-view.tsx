import type { ConversationView, MemberView } from '@confab/client';
import { useClient, useMembers } from '@confab/client/react';
import { useState } from 'react';
import { MenuTrigger } from 'react-aria-components';
import { type GroupRights, rightsOf, type Role } from '../../model/permissions.ts';
import { useOwnId } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/dialog.tsx';
import { FetchedPart } from '../../ui/fetched-part.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { Spinner } from '../../ui/spinner.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './member-list-view.module.css';

const fetchAddPeopleDialog = async () => (await import('./add-people-dialog.tsx')).AddPeopleDialog;

/** The members of a group, with what the reader may do to each. */
export function MemberListView({ conversation }: { conversation: ConversationView }) {
  const { list, members } = useMembers(conversation.conversationId);
  const { isPending, run } = useAction();
  const [isAdding, setAdding] = useState(false);
  const rights = rightsOf(conversation);
  const known = new Set(list.items.map(({ userId }) => userId));
  return (
    <section aria-labelledby="members-title">
      <header className={styles['bar']}>
        <h3 id="members-title">
          {text.details.members}{' '}
          <span className={styles['count']}>{conversation.memberCount.toLocaleString()}</span>
        </h3>
        {rights.mayAdd && (
          <Button icon="plus" look="quiet" onPress={() => setAdding(true)} small>
            {text.details.add}
          </Button>
        )}
      </header>
      <ul data-testid="members">
        {list.items.map((member) => (
          <MemberRow
            conversationId={conversation.conversationId}
            key={member.userId}
            member={member}
            rights={rights}
          />
        ))}
      </ul>
      {list.status === 'loading' && list.items.length === 0 && <Spinner />}
      {list.status === 'partial' && (
        <Button isPending={isPending} onPress={() => void run(() => members.loadMore())} small>
          {text.details.more}
        </Button>
      )}
      <FetchedPart
        fetchPart={fetchAddPeopleDialog}
        isWanted={isAdding}
        onFailure={() => setAdding(false)}
        props={{
          conversationId: conversation.conversationId,
          isOpen: isAdding,
          known,
          onClose: () => setAdding(false),
        }}
      />
    </section>
  );
}

interface MemberRowProps {
  readonly conversationId: string;
  readonly member: MemberView;
  readonly rights: GroupRights;
}

function MemberRow({ conversationId, member, rights }: MemberRowProps) {
  const ownId = useOwnId();
  const isSelf = member.userId === ownId;
  const username = member.user?.username ?? null;
  const name = member.user?.displayName ?? text.unknownUser;
  return (
    <li className={styles['member']} data-user-id={member.userId}>
      <Avatar id={member.userId} name={name} size="s" />
      <span className={styles['words']}>
        <span className={styles['name']}>{isSelf ? `${name} (${text.system.you})` : name}</span>
        {username !== null && <span className={styles['username']}>@{username}</span>}
      </span>
      {member.role !== 'member' && <span className={styles['role']}>{text.roles[member.role]}</span>}
      {!isSelf && <MemberMenu conversationId={conversationId} member={member} name={name} rights={rights} />}
    </li>
  );
}

const roleWords: Readonly<Record<Role, string>> = {
  owner: text.details.makeOwner,
  admin: text.details.makeAdmin,
  member: text.details.makeMember,
};

function MemberMenu({ conversationId, member, name, rights }: MemberRowProps & { name: string }) {
  const { conversations } = useClient();
  const { isPending, run } = useAction();
  const [isRemoving, setRemoving] = useState(false);
  const roles = rights.rolesFor(member.role);
  const mayRemove = rights.mayRemove(member.role);
  if (roles.length === 0 && !mayRemove) return null;
  const act = (key: string) => {
    const role = roles.find((option) => option === key);
    if (role === undefined) setRemoving(true);
    else void run(() => conversations.setRole(conversationId, member.userId, role));
  };
  const remove = async () => {
    await run(() => conversations.removeMember(conversationId, member.userId));
    setRemoving(false);
  };
  return (
    <>
      <MenuTrigger>
        <IconButton icon="more" isDisabled={isPending} label={text.details.memberMenu(name)} size={18} />
        <Menu
          aria-label={text.details.memberMenu(name)}
          onAction={(key) => act(String(key))}
          placement="bottom end"
        >
          {roles.map((role) => (
            <MenuItem id={role} key={role}>
              {roleWords[role]}
            </MenuItem>
          ))}
          {mayRemove && (
            <MenuItem danger id="remove">
              {text.details.remove}
            </MenuItem>
          )}
        </Menu>
      </MenuTrigger>
      <ConfirmDialog
        action={text.details.remove}
        body={text.details.removeBody}
        isOpen={isRemoving}
        isPending={isPending}
        onClose={() => setRemoving(false)}
        onConfirm={() => void remove()}
        title={text.details.removeTitle(name)}
      />
    </>
  );
}
