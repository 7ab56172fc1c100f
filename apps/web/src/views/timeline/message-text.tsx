import { memo } from 'react';
import { linkify } from '../../model/linkify.ts';
import styles from './message-text.module.css';

/** A message's words: text nodes and safe links, never markup. */
export const MessageText = memo(function MessageText({ body }: { body: string }) {
  return (
    <span className={styles['text']} dir="auto">
      {linkify(body).map((piece, index) =>
        piece.kind === 'text' ? (
          piece.text
        ) : (
          // The pieces of one body never change their order.
          <a href={piece.href} key={index} rel="noopener noreferrer nofollow" target="_blank">
            {piece.text}
          </a>
        ),
      )}
    </span>
  );
});
