import type { ConversationView, Timeline } from '@confab/client';
import { useTyping } from '@confab/client/react';
import { type KeyboardEvent, type Ref, useId, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { conversationName, typingText } from '../../model/conversation-label.ts';
import { prepareBody, roomOf } from '../../model/message-body.ts';
import { useDraft, useDrafts } from '../../session/drafts-context.tsx';
import { useNames } from '../../session/use-names.ts';
import { text } from '../../text.ts';
import { IconButton } from '../../ui/button.tsx';
import { useNotices } from '../../ui/notices.tsx';
import styles from './composer.module.css';

export interface ComposerHandle {
  readonly focus: () => void;
}

interface ComposerProps {
  readonly conversation: ConversationView;
  readonly timeline: Timeline;
  readonly ref: Ref<ComposerHandle>;
}

/** Where one writes. Enter sends, Shift-Enter begins a line; what is half-written stays with its conversation. */
export function Composer({ conversation, timeline, ref }: ComposerProps) {
  const { conversationId } = conversation;
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft(conversationId);
  const drafts = useDrafts();
  const { fail, say } = useNotices();
  const roomId = useId();
  const body = prepareBody(draft);
  const room = roomOf(body);
  const isSendable = body !== '' && room.kind !== 'over';
  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus({ preventScroll: true }) }), []);
  useLayoutEffect(() => fitHeight(box.current));

  const send = () => {
    if (!isSendable) return;
    drafts.write(conversationId, '');
    box.current?.focus({ preventScroll: true });
    timeline.send(body).catch((thrown: unknown) => {
      // Nothing was kept, so the words go back to where they were written, before what was typed meanwhile.
      const meanwhile = drafts.read(conversationId);
      drafts.write(conversationId, meanwhile === '' ? body : `${body}\n${meanwhile}`);
      fail(thrown);
      say(text.composer.notKept);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <footer className={styles['footer']}>
      <TypingLine conversationId={conversationId} />
      <form
        className={styles['form']}
        data-over={room.kind === 'over' || undefined}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          aria-describedby={roomId}
          aria-invalid={room.kind === 'over'}
          aria-label={text.composer.label}
          className={styles['box']}
          data-testid="composer"
          dir="auto"
          enterKeyHint="send"
          onChange={(event) => {
            drafts.write(conversationId, event.target.value);
            if (event.target.value.trim() !== '') timeline.typing();
          }}
          onKeyDown={onKeyDown}
          placeholder={text.composer.placeholder(conversationName(conversation))}
          ref={box}
          rows={1}
          value={draft}
        />
        <IconButton
          data-testid="send"
          extraClass={styles['send']}
          icon="send"
          isDisabled={!isSendable}
          label={text.composer.send}
          look="primary"
          onPress={send}
        />
      </form>
      <output className={styles['room']} data-over={room.kind === 'over' || undefined} id={roomId}>
        {room.kind === 'close' && text.composer.left(room.bytesLeft)}
        {room.kind === 'over' && text.composer.over(room.bytesOver)}
      </output>
    </footer>
  );
}

function TypingLine({ conversationId }: { conversationId: string }) {
  const typists = useTyping(conversationId);
  const nameOf = useNames(typists);
  const words = typingText(typists.map(nameOf));
  return (
    <p className={styles['typing']} data-testid="typing-line">
      {words !== null && (
        <>
          <span aria-hidden="true" className={styles['dots']}>
            <i />
            <i />
            <i />
          </span>
          {words}
        </>
      )}
    </p>
  );
}

/** Grows with what is in it, up to the height the style sheet allows; for browsers without field-sizing. */
function fitHeight(element: HTMLTextAreaElement | null): void {
  if (element === null || CSS.supports('field-sizing', 'content')) return;
  element.style.height = 'auto';
  element.style.height = `${element.scrollHeight}px`;
}
