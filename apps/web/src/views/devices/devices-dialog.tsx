import { useClient } from '@confab/client/react';
import { useEffect, useRef, useState } from 'react';
import { errorText } from '../../model/error-text.ts';
import { formatAgo, formatFull } from '../../model/format-time.ts';
import { useNow } from '../../session/use-now.ts';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icon.tsx';
import { useNotices } from '../../ui/notices.tsx';
import { Spinner } from '../../ui/spinner.tsx';
import { useAction } from '../../ui/use-action.ts';
import styles from './devices-dialog.module.css';

/** Everywhere one is logged in, and the way to end what one does not know. */
export function DevicesDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={text.devices.title}>
      <DeviceList />
    </Dialog>
  );
}

type Device = Awaited<ReturnType<ReturnType<typeof useClient>['account']['devices']>>[number];

function DeviceList() {
  const { account } = useClient();
  const { say } = useNotices();
  const { isPending, run } = useAction();
  const { devices, error, load } = useDevices();
  const [revoking, setRevoking] = useState<Device | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const ask = (device: Device) => {
    // The focus comes back to where it was: to the list, for the button is gone with its device.
    list.current?.focus();
    setRevoking(device);
  };
  const revoke = async (device: Device) => {
    await account.revokeDevice(device.deviceId);
    setRevoking(null);
    say(text.devices.revoked(nameOf(device)));
    await load();
  };
  return (
    <div className={styles['body']}>
      <p className={styles['intro']}>{text.devices.intro}</p>
      {error !== null && (
        <div className={styles['error']} role="alert">
          {error}
          <Button onPress={() => void load()} small>
            {text.timeline.again}
          </Button>
        </div>
      )}
      {devices === null && error === null && (
        <output aria-label={text.loading} className={styles['waiting']}>
          <Spinner />
        </output>
      )}
      <ul className={styles['devices']} data-testid="devices" ref={list} tabIndex={-1}>
        {devices?.map((device) => (
          <DeviceRow device={device} key={device.deviceId} onRevoke={() => ask(device)} />
        ))}
      </ul>
      <ConfirmDialog
        action={text.devices.revoke}
        body={text.devices.revokeBody}
        isOpen={revoking !== null}
        isPending={isPending}
        onClose={() => setRevoking(null)}
        onConfirm={() => {
          if (revoking !== null) void run(() => revoke(revoking));
        }}
        title={text.devices.revokeTitle(revoking === null ? '' : nameOf(revoking))}
      />
    </div>
  );
}

function DeviceRow({ device, onRevoke }: { device: Device; onRevoke: () => void }) {
  const now = useNow(30_000);
  const { current, createdAt, lastSeenAt } = device;
  return (
    <li className={styles['device']} data-current={current}>
      <Icon name="devices" size={22} />
      <div className={styles['words']}>
        <p className={styles['name']}>
          {nameOf(device)}
          {current && <span className={styles['current']}>{text.devices.current}</span>}
        </p>
        <p className={styles['times']} title={formatFull(createdAt)}>
          {!current && `${text.devices.seen(formatAgo(lastSeenAt, now))} · `}
          {text.devices.since(formatAgo(createdAt, now))}
        </p>
      </div>
      {!current && (
        <Button aria-label={text.devices.revokeLabel(nameOf(device))} onPress={onRevoke} small>
          {text.devices.revoke}
        </Button>
      )}
    </li>
  );
}

function nameOf({ name }: Device): string {
  return name === '' ? text.devices.unnamed : name;
}

interface Outcome {
  readonly devices: readonly Device[] | null;
  readonly error: string | null;
}

/** The devices, this one first, then the one seen last. */
function useDevices(): Outcome & { load: () => Promise<void> } {
  const { account } = useClient();
  const [outcome, setOutcome] = useState<Outcome>({ devices: null, error: null });
  useEffect(() => {
    let isWanted = true;
    void readDevices(account).then((read) => isWanted && setOutcome(read));
    return () => {
      isWanted = false;
    };
  }, [account]);
  return { ...outcome, load: async () => setOutcome(await readDevices(account)) };
}

async function readDevices(account: ReturnType<typeof useClient>['account']): Promise<Outcome> {
  try {
    return { devices: (await account.devices()).toSorted(byImportance), error: null };
  } catch (thrown) {
    return { devices: null, error: errorText(thrown) };
  }
}

function byImportance(a: Device, b: Device): number {
  return Number(b.current) - Number(a.current) || b.lastSeenAt.localeCompare(a.lastSeenAt, 'en');
}
