import { DevicesDialog } from '../devices/devices-dialog.tsx';
import { StartDialog } from '../start/start-dialog.tsx';
import { SwitcherDialog } from '../switcher/switcher-dialog.tsx';
import type { ShellDialog } from './shell-dialog.ts';

/** The dialogs of the shell: a file of their own in the build, fetched after the first picture. */
export function Dialogs({ open, onClose }: { open: ShellDialog | null; onClose: () => void }) {
  return (
    <>
      <StartDialog isOpen={open === 'start'} onClose={onClose} />
      <SwitcherDialog isOpen={open === 'switcher'} onClose={onClose} />
      <DevicesDialog isOpen={open === 'devices'} onClose={onClose} />
    </>
  );
}
