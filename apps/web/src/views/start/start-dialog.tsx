import { useClient } from '@confab/client/react';
import { useState } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { limits } from '../../model/limits.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useAction } from '../../ui/use-action.ts';
import { PeoplePicker } from '../people/people-picker.tsx';
import type { Person } from '../people/use-people-search.ts';
import styles from './start-dialog.module.css';

type Kind = 'direct' | 'group';

/** Begins a conversation: with one person at once, or with several under a name. */
export function StartDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={text.start.title}>
      <StartForm onDone={onClose} />
    </Dialog>
  );
}

function StartForm({ onDone }: { onDone: () => void }) {
  const { conversations } = useClient();
  const { go } = useRouter();
  const { isPending, run } = useAction();
  const [kind, setKind] = useState<Kind>('direct');
  const [chosen, setChosen] = useState<readonly Person[]>([]);
  const [title, setTitle] = useState('');

  const open = async (started: Promise<{ conversationId: string }>) => {
    const { conversationId } = await started;
    onDone();
    go({ view: 'conversation', conversationId });
  };
  const choose = (people: readonly Person[]) => {
    const [person] = people;
    if (kind === 'group') setChosen(people);
    else if (person !== undefined && !isPending)
      void run(() => open(conversations.startDirect(person.userId)));
  };
  const createGroup = () => {
    const request = { title: title.trim() || null, memberIds: chosen.map(({ userId }) => userId) };
    void run(() => open(conversations.createGroup(request)));
  };
  return (
    <div className={styles['form']}>
      <ToggleButtonGroup
        aria-label={text.start.kind}
        className={styles['kinds'] ?? ''}
        disallowEmptySelection
        onSelectionChange={(keys) => setKind(keys.has('group') ? 'group' : 'direct')}
        selectedKeys={[kind]}
      >
        <ToggleButton className={styles['kind'] ?? ''} id="direct">
          {text.start.direct}
        </ToggleButton>
        <ToggleButton className={styles['kind'] ?? ''} id="group">
          {text.start.group}
        </ToggleButton>
      </ToggleButtonGroup>
      {kind === 'group' && (
        <TextField
          autoFocus
          hint={text.start.groupTitleHint}
          label={text.start.groupTitle}
          maxLength={limits.titleCharactersMax}
          onChange={setTitle}
          value={title}
        />
      )}
      <PeoplePicker
        chosen={kind === 'group' ? chosen : []}
        key={kind}
        mode={kind === 'group' ? 'many' : 'one'}
        onChange={choose}
        takesFocus={kind === 'direct'}
      />
      {kind === 'group' && (
        <div className={styles['action']}>
          <Button
            isDisabled={chosen.length === 0}
            isPending={isPending}
            look="primary"
            onPress={createGroup}
            wide
          >
            {text.start.create}
          </Button>
        </div>
      )}
    </div>
  );
}
