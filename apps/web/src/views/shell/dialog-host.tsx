import { FetchedPart } from '../../ui/fetched-part.tsx';
import type { ShellDialog } from './shell-dialog.ts';

interface DialogHostProps {
  readonly open: ShellDialog | null;
  readonly onClose: () => void;
}

const fetchDialogs = async () => (await import('./dialogs.tsx')).Dialogs;

/** Shows the dialog that is wanted, once the dialogs are here. */
export function DialogHost({ open, onClose }: DialogHostProps) {
  return (
    <FetchedPart
      fetchPart={fetchDialogs}
      isWanted={open !== null}
      onFailure={onClose}
      props={{ open, onClose }}
    />
  );
}
