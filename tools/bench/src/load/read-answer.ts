import type { LaneAnswer } from './http-lane.ts';

/** What an answer has to hold. */
export type Expectation =
  /** Messages with these sequences and all between. */
  | { readonly kind: 'messages'; readonly first: number; readonly last: number }
  /** So many conversations, and so many unread messages in them: over all pages, or in the first. */
  | {
      readonly kind: 'list';
      readonly pages: 'first' | 'all';
      readonly conversations: number;
      readonly unread: number;
    };

const OK = 200;

/**
 * What is wrong with a page of messages; null where nothing is. Where it is not parsed, the first and the last sequence
 * have to stand in it.
 */
export function mistakeInMessages(
  { status, body }: LaneAnswer,
  { first, last }: Expectation & { readonly kind: 'messages' },
  isParsed: boolean,
): string | null {
  if (status !== OK) return `answered with ${status}`;
  if (!body.includes(`"sequence":${first},`) || !body.includes(`"sequence":${last},`))
    return `not from ${first} to ${last}`;
  if (!isParsed) return null;
  const { messages } = JSON.parse(body.toString()) as {
    readonly messages: readonly { readonly sequence: number }[];
  };
  const isDense = messages.every(({ sequence }, at) => sequence === first + at);
  return isDense && messages.length === last - first + 1 ? null : `has holes between ${first} and ${last}`;
}

/** What a page of a list of conversations says; throws where it is none. */
export function readList({ status, body }: LaneAnswer): {
  readonly conversations: number;
  readonly unread: number;
  /** The cursor of the next page. */
  readonly next: string | null;
} {
  if (status !== OK) throw new Error(`answered with ${status}`);
  const { conversations, next } = JSON.parse(body.toString()) as {
    readonly conversations: readonly { readonly unread: number }[];
    readonly next?: string;
  };
  const unread = conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
  return { conversations: conversations.length, unread, next: next ?? null };
}
