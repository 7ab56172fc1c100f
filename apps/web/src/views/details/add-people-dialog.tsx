import { useClient } from '@confab/client/react';
import { useState } from 'react';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { useAction } from '../../ui/use-action.ts';
import { PeoplePicker } from '../people/people-picker.tsx';
import type { Person } from '../people/use-people-search.ts';
import styles from './details-panel.module.css';

interface AddPeopleProps {
  readonly conversationId: string;
  /** Who is in already, as far as it is loaded. */
  readonly known: ReadonlySet<string>;
}

interface AddPeopleDialogProps extends AddPeopleProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Finds people and adds them to a group. */
export function AddPeopleDialog({ conversationId, known, isOpen, onClose }: AddPeopleDialogProps) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={text.details.addTitle}>
      <AddPeopleForm conversationId={conversationId} known={known} onDone={onClose} />
    </Dialog>
  );
}

function AddPeopleForm({ conversationId, known, onDone }: AddPeopleProps & { onDone: () => void }) {
  const { conversations } = useClient();
  const { isPending, run } = useAction();
  const [chosen, setChosen] = useState<readonly Person[]>([]);
  const add = async () => {
    const userIds = chosen.map(({ userId }) => userId);
    if (await run(() => conversations.addMembers(conversationId, userIds))) onDone();
  };
  return (
    <div className={styles['addForm']}>
      <PeoplePicker chosen={chosen} mode="many" onChange={setChosen} without={known} />
      <Button
        isDisabled={chosen.length === 0}
        isPending={isPending}
        look="primary"
        onPress={() => void add()}
        wide
      >
        {text.details.addAction(chosen.length)}
      </Button>
    </div>
  );
}
