import type { Answer, Write, WriteKind, WriteRequests } from './write-requests.ts';

/**
 * What goes between the serving thread and the writer. Both ways it is one string for many writes: a string is handed
 * over without a copy by structure, which is the dearest part of a message between threads.
 */
export type ToWriter =
  | string
  | { readonly kind: 'open'; readonly path: string; readonly checkpointMib: number }
  /** Another thread writes too, through this port. */
  | { readonly kind: 'let_in'; readonly port: MessagePort }
  | { readonly kind: 'close' };

export type FromWriter =
  | string
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'not_opened'; readonly message: string }
  | { readonly kind: 'fatal'; readonly message: string };

export function encodeWrite<K extends WriteKind>(kind: K, request: WriteRequests[K]): string {
  return JSON.stringify([kind, request]);
}

export function joinWrites(encoded: readonly string[]): string {
  return `[${encoded.join(',')}]`;
}

export function decodeWrites(text: string): readonly Write[] {
  return JSON.parse(text) as readonly Write[];
}

/** `0` is the answer that nearly all get: done, and nothing to say. */
export function encodeAnswers(answers: readonly Answer[]): string {
  return JSON.stringify(
    answers.map((answer) => (answer.kind === 'done' && answer.result === null ? 0 : answer)),
  );
}

const plainlyDone: Answer = { kind: 'done', result: null };

export function decodeAnswers(text: string): readonly Answer[] {
  return (JSON.parse(text) as readonly (Answer | 0)[]).map((answer) => (answer === 0 ? plainlyDone : answer));
}
