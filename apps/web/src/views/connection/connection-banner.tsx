import { useClient, useConnection, usePendingCount } from '@confab/client/react';
import { text } from '../../text.ts';
import { useNow } from '../../session/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Icon } from '../../ui/icon.tsx';
import { Spinner } from '../../ui/spinner.tsx';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import styles from './connection-banner.module.css';
import { bannerWords, type BannerWords } from './connection-words.ts';

/** Says how the connection is, whenever it is not simply there: a chat must never look alive while it is not. */
export function ConnectionBanner() {
  const state = useConnection();
  const pending = usePendingCount();
  const now = useNow(500);
  const banner = bannerWords(state, pending, now.getTime());
  return (
    <section aria-label={text.connection.label} data-banner data-state={state.kind} data-testid="connection">
      {/* The countdown is not read out: a live region that speaks every second is of no use to anybody. */}
      <VisuallyHidden>
        <output>{banner?.tone === 'warn' ? spokenWords(state.kind, banner) : ''}</output>
      </VisuallyHidden>
      {banner !== null && (
        <div
          className={classNames(styles['banner'], styles[banner.tone], banner.patient && styles['patient'])}
          key={banner.patient ? 'patient' : 'said'}
        >
          {banner.tone === 'calm' ? <Spinner size={16} /> : <Icon name="offline" size={18} />}
          <p className={styles['words']}>
            {banner.words} {banner.more !== null && <span>{banner.more}</span>}
          </p>
          <BannerAction action={banner.action} />
        </div>
      )}
    </section>
  );
}

function spokenWords(kind: string, banner: BannerWords): string {
  return kind === 'waiting' || kind === 'connecting' ? text.connection.unreachable : banner.words;
}

function BannerAction({ action }: { action: BannerWords['action'] }) {
  const { connection } = useClient();
  switch (action) {
    case null:
      return null;
    case 'reload':
      return (
        <Button onPress={() => location.reload()} small>
          {text.connection.reload}
        </Button>
      );
    case 'retry':
    case 'connect':
      return (
        <Button onPress={() => connection.connect()} small>
          {action === 'retry' ? text.connection.retryNow : text.connection.connectHere}
        </Button>
      );
  }
}
