import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { errorText } from '../model/error-text.ts';
import { text } from '../text.ts';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import styles from './notices.module.css';

interface Notice {
  readonly id: number;
  readonly tone: 'calm' | 'error';
  readonly words: string;
}

interface Notices {
  readonly say: (words: string) => void;
  /** Shows why something did not work. */
  readonly fail: (thrown: unknown) => void;
}

const NoticesContext = createContext<Notices | null>(null);
const SHOWN_MS = { calm: 5_000, error: 10_000 } as const;
const SHOWN_MAX = 3;

/** Short words about what just happened, read out and gone by themselves. Never the only trace of a failed send. */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const nextId = useRef(1);
  const dismiss = useCallback(
    (id: number) => setNotices((shown) => shown.filter((notice) => notice.id !== id)),
    [],
  );
  const add = useCallback(
    (tone: Notice['tone'], words: string) => {
      const id = nextId.current++;
      setNotices((shown) =>
        [...shown.filter((notice) => notice.words !== words), { id, tone, words }].slice(-SHOWN_MAX),
      );
      setTimeout(() => dismiss(id), SHOWN_MS[tone]);
    },
    [dismiss],
  );
  const face = useMemo<Notices>(
    () => ({ say: (words) => add('calm', words), fail: (thrown) => add('error', errorText(thrown)) }),
    [add],
  );
  return (
    <NoticesContext value={face}>
      {children}
      {/* React Aria hides what is outside an open dialog from screen readers unless it is marked as a top layer. */}
      <section aria-label={text.notices.label} className={styles['notices']} data-react-aria-top-layer="true">
        <ul aria-live="polite">
          {notices.map(({ id, tone, words }) => (
            <li className={classNames(styles['notice'], styles[tone])} key={id}>
              <Icon name={tone === 'error' ? 'warning' : 'info'} size={18} />
              <span className={styles['words']}>{words}</span>
              <IconButton icon="close" label={text.notices.dismiss} onPress={() => dismiss(id)} size={16} />
            </li>
          ))}
        </ul>
      </section>
    </NoticesContext>
  );
}

export function useNotices(): Notices {
  const notices = useContext(NoticesContext);
  if (notices === null) throw new Error('useNotices is called outside a NoticesProvider');
  return notices;
}
