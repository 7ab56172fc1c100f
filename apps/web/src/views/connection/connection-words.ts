import type { ConnectionState } from '@confab/client';
import { text } from '../../text.ts';

/** What the banner says and offers; null while there is nothing to say. */
export interface BannerWords {
  readonly tone: 'calm' | 'warn';
  readonly words: string;
  /** Said with the words where something waits to be sent. */
  readonly more: string | null;
  readonly action: 'retry' | 'reload' | 'connect' | null;
  /** Passing states are told only if they last. */
  readonly patient: boolean;
}

/** The connection in words for a person, with the seconds until the next attempt. */
export function bannerWords(state: ConnectionState, pending: number, nowMs: number): BannerWords | null {
  const more = pending > 0 ? text.connection.waiting(pending) : text.connection.kept;
  const quiet = pending > 0 ? text.connection.waiting(pending) : null;
  switch (state.kind) {
    case 'live':
    case 'draining':
      return null;
    case 'offline':
      return { tone: 'warn', words: text.connection.offline, more, action: null, patient: false };
    case 'connecting':
    case 'authenticating':
      return { tone: 'calm', words: text.connection.connecting, more: quiet, action: null, patient: true };
    case 'catching_up':
      return { tone: 'calm', words: text.connection.catchingUp, more: quiet, action: null, patient: true };
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((state.untilMs - nowMs) / 1000));
      const words = `${text.connection.unreachable} ${text.connection.retryIn(seconds)}`;
      return { tone: 'warn', words, more, action: 'retry', patient: false };
    }
    case 'stopped':
      return stoppedWords(state.reason);
  }
}

function stoppedWords(reason: Extract<ConnectionState, { kind: 'stopped' }>['reason']): BannerWords | null {
  const warn = { tone: 'warn', more: null, patient: false } as const;
  switch (reason) {
    case 'signed_out':
      return null;
    case 'not_started':
      return { tone: 'calm', words: text.connection.connecting, more: null, action: null, patient: true };
    case 'closed':
      return { ...warn, words: text.connection.stopped, action: 'connect' };
    case 'replaced':
      return { ...warn, words: text.connection.replaced, action: 'connect' };
    case 'too_old':
      return { ...warn, words: text.connection.tooOld, action: 'reload' };
    case 'refused':
      return { ...warn, words: text.connection.refused, action: 'connect' };
  }
}
