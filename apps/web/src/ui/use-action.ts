import { useCallback, useState } from 'react';
import { useNotices } from './notices.tsx';

/** Something asked of the server from a button: whether it is under way, and how to begin it. Failures are shown. */
export function useAction(): {
  isPending: boolean;
  run: (action: () => Promise<unknown>) => Promise<boolean>;
} {
  const { fail } = useNotices();
  const [isPending, setPending] = useState(false);
  const run = useCallback(
    async (action: () => Promise<unknown>) => {
      setPending(true);
      try {
        await action();
        return true;
      } catch (thrown) {
        fail(thrown);
        return false;
      } finally {
        setPending(false);
      }
    },
    [fail],
  );
  return { isPending, run };
}
