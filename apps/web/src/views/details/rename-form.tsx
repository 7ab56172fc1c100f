import type { ConversationView } from '@confab/client';
import { useClient } from '@confab/client/react';
import { type KeyboardEvent, useState } from 'react';
import { limits } from '../../model/limits.ts';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './details-panel.module.css';

interface RenameFormProps {
  readonly conversation: ConversationView;
  readonly onDone: () => void;
}

/** Gives a group another name, or none. */
export function RenameForm({ conversation: { conversationId, title }, onDone }: RenameFormProps) {
  const { conversations } = useClient();
  const { isPending, run } = useAction();
  const [typed, setTyped] = useState(title ?? '');
  const save = async () => {
    const next = typed.trim() === '' ? null : typed.trim();
    if (next === title || (await run(() => conversations.rename(conversationId, next)))) onDone();
  };
  return (
    <form
      className={styles['rename']}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) void save();
      }}
    >
      <TextField
        autoFocus
        label={text.details.renameLabel}
        maxLength={limits.titleCharactersMax}
        onChange={setTyped}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key !== 'Escape') return;
          // Escape gives up the new name, not the whole panel.
          event.preventDefault();
          onDone();
        }}
        value={typed}
      />
      <div className={styles['renameActions']}>
        <Button onPress={onDone} small>
          {text.cancel}
        </Button>
        <Button isPending={isPending} look="primary" small type="submit">
          {text.details.save}
        </Button>
      </div>
    </form>
  );
}
