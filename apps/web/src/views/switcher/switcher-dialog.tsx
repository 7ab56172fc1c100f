import type { ConversationView } from '@confab/client';
import { useClient, useConversations } from '@confab/client/react';
import { type ReactNode, useState } from 'react';
import { Autocomplete, Header, type Key, ListBox, ListBoxItem, ListBoxSection } from 'react-aria-components';
import { badgeText, conversationAvatarId, conversationName } from '../../model/conversation-label.ts';
import { findConversations } from '../../model/find-conversations.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { useOwnId } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import { useAction } from '../../ui/use-action.ts';
import { PersonLine } from '../people/person-line.tsx';
import { type Person, usePeopleSearch } from '../people/use-people-search.ts';
import styles from './switcher-dialog.module.css';

const CONVERSATIONS_MAX = 8;

/** The quick way to anybody: conversations one has first, then people one could talk to. */
export function SwitcherDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog bare isOpen={isOpen} onClose={onClose} title={text.switcher.title}>
      <Switcher onDone={onClose} />
    </Dialog>
  );
}

function Switcher({ onDone }: { onDone: () => void }) {
  const { conversations } = useClient();
  const { go } = useRouter();
  const { run } = useAction();
  const [typed, setTyped] = useState('');
  const { found, people, isSearching } = useFound(typed);
  const open = (conversationId: string) => {
    onDone();
    go({ view: 'conversation', conversationId });
  };
  const choose = (key: Key) => {
    const [kind, id = ''] = String(key).split(':');
    if (kind === 'conversation') open(id);
    else void run(async () => open((await conversations.startDirect(id)).conversationId));
  };
  return (
    <Autocomplete inputValue={typed} onInputChange={setTyped}>
      <SearchBox
        bare
        isBusy={isSearching}
        label={text.switcher.title}
        onEscape={onDone}
        placeholder={text.switcher.placeholder}
      />
      <ListBox
        aria-label={text.switcher.results}
        className={styles['results'] ?? ''}
        onAction={choose}
        renderEmptyState={() => <p className={styles['none']}>{text.switcher.none}</p>}
        selectionMode="none"
      >
        {found.length > 0 && (
          <Section title={text.switcher.conversations}>
            {found.map((conversation) => (
              <FoundConversation conversation={conversation} key={conversation.conversationId} />
            ))}
          </Section>
        )}
        {people.length > 0 && (
          <Section title={text.switcher.people}>
            {people.map((person) => (
              <ListBoxItem
                className={styles['item'] ?? ''}
                id={`person:${person.userId}`}
                key={person.userId}
                textValue={person.displayName}
              >
                <PersonLine person={person} />
              </ListBoxItem>
            ))}
          </Section>
        )}
      </ListBox>
    </Autocomplete>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <ListBoxSection>
      <Header className={styles['header'] ?? ''}>{title}</Header>
      {children}
    </ListBoxSection>
  );
}

function FoundConversation({ conversation }: { conversation: ConversationView }) {
  const name = conversationName(conversation);
  const { conversationId, type, memberCount, unread, peer } = conversation;
  const username = peer?.username ?? null;
  const under = type === 'group' ? text.conversation.members(memberCount) : username && `@${username}`;
  return (
    <ListBoxItem className={styles['item'] ?? ''} id={`conversation:${conversationId}`} textValue={name}>
      <Avatar
        id={conversationAvatarId(conversation)}
        name={name}
        shape={type === 'group' ? 'group' : 'person'}
        size="s"
      />
      <span className={styles['name']}>{name}</span>
      {under !== null && <span className={styles['under']}>{under}</span>}
      {unread > 0 && (
        <span className={styles['badge']}>
          <span aria-hidden="true">{badgeText(unread)}</span>
          <VisuallyHidden>{text.list.unread(unread)}</VisuallyHidden>
        </span>
      )}
    </ListBoxItem>
  );
}

/** What fits: own conversations at once, people when the server answered; nobody twice. */
function useFound(typed: string): { found: ConversationView[]; people: Person[]; isSearching: boolean } {
  const { items } = useConversations();
  const ownId = useOwnId();
  const search = usePeopleSearch(typed);
  const found = findConversations(items, typed, CONVERSATIONS_MAX);
  const listed = new Set(found.map(({ peer }) => peer?.userId));
  const people = search.people.filter(({ userId }) => userId !== ownId && !listed.has(userId));
  return { found, people, isSearching: search.status === 'searching' };
}
