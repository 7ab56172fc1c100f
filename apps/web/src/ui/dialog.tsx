import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { text } from '../text.ts';
import { Button, IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import styles from './dialog.module.css';

interface DialogProps {
  readonly title: string;
  /** Hides the title line, for dialogs whose first field says what they are; screen readers still hear it. */
  readonly bare?: boolean;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A modal window. Focus stays inside, Escape and the veil close it, and focus returns to where it was. */
export function Dialog({ title, bare = false, isOpen, onClose, children }: DialogProps) {
  return (
    <ModalOverlay
      className={styles['veil'] ?? ''}
      isDismissable
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={classNames(styles['window'], bare && styles['bare'])}>
        <AriaDialog {...(bare ? { 'aria-label': title } : {})} className={styles['dialog'] ?? ''}>
          {!bare && (
            <header className={styles['header']}>
              <Heading className={styles['title'] ?? ''} slot="title">
                {title}
              </Heading>
              <IconButton icon="close" label={text.close} onPress={onClose} />
            </header>
          )}
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly body: string;
  readonly action: string;
  readonly isOpen: boolean;
  readonly isPending?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({
  title,
  body,
  action,
  isOpen,
  isPending = false,
  onConfirm,
  onClose,
}: ConfirmProps) {
  return (
    <ModalOverlay
      className={styles['veil'] ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={classNames(styles['window'], styles['confirm'])}>
        <AriaDialog className={styles['dialog'] ?? ''} role="alertdialog">
          <Heading className={styles['title'] ?? ''} slot="title">
            {title}
          </Heading>
          <p className={styles['body']}>{body}</p>
          <footer className={styles['footer']}>
            <Button autoFocus onPress={onClose}>
              {text.cancel}
            </Button>
            <Button isPending={isPending} look="danger" onPress={onConfirm}>
              {action}
            </Button>
          </footer>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
