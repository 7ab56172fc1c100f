import { useClient } from '@confab/client/react';
import { useEffect, useState } from 'react';
import { text } from '../../text.ts';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';

const SPOKEN_CHARACTERS_MAX = 300;

/**
 * Reads new messages of the open conversation out, politely and once. The timeline itself is no live region: its rows
 * come and go while scrolling, and each would be read out as if it were new.
 */
export function LiveAnnouncer({ conversationId }: { conversationId: string }) {
  const client = useClient();
  const [said, setSaid] = useState<readonly { key: string; words: string }[]>([]);
  useEffect(
    () =>
      client.on('message', ({ message, own, live }) => {
        if (own || !live || message.conversationId !== conversationId) return;
        const name = client.users.user(message.senderId).get()?.displayName ?? text.somebody;
        const words = text.timeline.announce(name, message.body.slice(0, SPOKEN_CHARACTERS_MAX));
        setSaid((before) => [...before.slice(-4), { key: message.messageId, words }]);
      }),
    [client, conversationId],
  );
  return (
    <VisuallyHidden>
      <span aria-live="polite" aria-relevant="additions" data-testid="announcer">
        {said.map(({ key, words }) => (
          <span key={key}>{words}</span>
        ))}
      </span>
    </VisuallyHidden>
  );
}
