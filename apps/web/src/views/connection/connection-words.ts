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

/** A failure or two are a hiccup that the next attempt mends, within a second or two; then it is told. */
const TOLD_FROM_ATTEMPT = 3;

/** The connection in words for a person, with the seconds until the next attempt. */
export function bannerWords(state: ConnectionState, pending: number, nowMs: number): BannerWords | null {
  const waits = pending > 0 ? text.connection.waiting(pending) : null;
  const passing = { tone: 'calm', more: waits, action: null, patient: true } as const;
  const warning = { tone: 'warn', more: waits ?? text.connection.kept, patient: false } as const;
  switch (state.kind) {
    case 'live':
    case 'draining':
      return null;
    case 'offline':
      return { ...warning, words: text.connection.offline, action: null };
    case 'connecting':
      if (state.attempt < TOLD_FROM_ATTEMPT) return { ...passing, words: text.connection.connecting };
      // The words stay while it tries: a banner that comes and goes moves the page each time.
      return {
        ...warning,
        words: `${text.connection.unreachable} ${text.connection.retrying}`,
        action: null,
      };
    case 'authenticating':
      return { ...passing, words: text.connection.connecting };
    case 'catching_up':
      return { ...passing, words: text.connection.catchingUp };
    case 'waiting': {
      if (state.attempt < TOLD_FROM_ATTEMPT) return { ...passing, words: text.connection.connecting };
      const seconds = Math.max(1, Math.ceil((state.untilMs - nowMs) / 1000));
      const words = `${text.connection.unreachable} ${text.connection.retryIn(seconds)}`;
      return { ...warning, words, action: 'retry' };
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
