import { useClient, usePendingCount, useProfile } from '@confab/client/react';
import { useState } from 'react';
import { Button as AriaButton, MenuTrigger, type Selection } from 'react-aria-components';
import { useRouter } from '../../routing/navigation.tsx';
import { useDrafts } from '../../session/drafts-context.tsx';
import { setTheme, type Theme, useTheme } from '../../session/theme.ts';
import { useOwnId } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { ConfirmDialog } from '../../ui/dialog.tsx';
import { Menu, MenuItem, MenuSection } from '../../ui/menu.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './account-menu.module.css';

const THEMES = [
  ['system', text.account.themeSystem, 'system'],
  ['light', text.account.themeLight, 'sun'],
  ['dark', text.account.themeDark, 'moon'],
] as const;

/** Who is logged in, and what belongs to the person rather than to a conversation. */
export function AccountMenu({ onOpenDevices }: { onOpenDevices: () => void }) {
  const profile = useProfile();
  const theme = useTheme();
  const ownId = useOwnId();
  const [isLeaving, setLeaving] = useState(false);
  const name = profile?.displayName ?? '';
  return (
    <>
      <MenuTrigger>
        <AriaButton
          aria-label={text.account.menu}
          className={styles['trigger'] ?? ''}
          data-testid="account-menu"
        >
          <Avatar id={ownId} name={name} size="s" />
          <span className={styles['name']} data-testid="own-name">
            {name}
          </span>
        </AriaButton>
        <Menu
          aria-label={text.account.menu}
          onAction={(key) => {
            if (key === 'devices') onOpenDevices();
            if (key === 'log-out') setLeaving(true);
          }}
        >
          <MenuSection
            disallowEmptySelection
            onSelectionChange={chooseTheme}
            selectedKeys={[theme]}
            selectionMode="single"
            title={text.account.theme}
          >
            {THEMES.map(([id, words, icon]) => (
              <MenuItem icon={icon} id={id} key={id}>
                {words}
              </MenuItem>
            ))}
          </MenuSection>
          <MenuItem icon="devices" id="devices">
            {text.account.devices}
          </MenuItem>
          <MenuItem icon="leave" id="log-out">
            {text.account.logOut}
          </MenuItem>
        </Menu>
      </MenuTrigger>
      <LogOutDialog isOpen={isLeaving} onClose={() => setLeaving(false)} />
    </>
  );
}

function chooseTheme(keys: Selection): void {
  const [key] = keys;
  if (key !== undefined) setTheme(key as Theme);
}

function LogOutDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { account } = useClient();
  const pending = usePendingCount();
  const drafts = useDrafts();
  const { goInstead } = useRouter();
  const { isPending, run } = useAction();
  const logOut = async () => {
    // First: once the session has ended, nothing of it may be left, were the page closed in that moment.
    drafts.clear();
    await account.logOut();
    goInstead({ view: 'home' });
  };
  return (
    <ConfirmDialog
      action={text.account.logOut}
      body={pending > 0 ? text.account.logOutPending(pending) : text.account.logOutBody}
      isOpen={isOpen}
      isPending={isPending}
      onClose={onClose}
      onConfirm={() => void run(logOut)}
      title={text.account.logOutTitle}
    />
  );
}
