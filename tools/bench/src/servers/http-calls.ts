import { PRODUCT, tokenFor } from './product.ts';

type Json = { readonly [field: string]: unknown };

export type Call = {
  readonly url: string;
  /** The user who asks; null: the back end of the product. */
  readonly subject: string | null;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With its query. */
  readonly path: string;
  readonly body: Json | null;
};

const AT_ONCE = 48;
const MEMBERS_PER_REQUEST = 200;
const PAGE_EVENTS = 200;

/** Makes one request that must succeed. */
export async function callHttp({ url, subject, method, path, body }: Call): Promise<Json> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${subject === null ? PRODUCT.apiKey : tokenFor(subject)}`,
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Json;
}

/** Does something for each of many, many at once, and gives what came of it in the same order. */
export async function forEach<T, R>(
  all: readonly T[],
  action: (one: T, at: number) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next; at < all.length; at = next) {
      next += 1;
      results[at] = await action(all[at] as T, at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

/** `prefix0`, `prefix1`... */
export function subjectsOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

/** Makes the product's users; gives their user ids, in the same order. */
export async function makeUsers(url: string, subjects: readonly string[]): Promise<string[]> {
  return await forEach(subjects, async (subject) => {
    const body = { issuer: PRODUCT.issuer, subject, displayName: subject };
    const user = await callHttp({ url, subject: null, method: 'PUT', path: '/v1/users/external', body });
    return String(user['userId']);
  });
}

/** The conversation of two; gives its id. */
export async function makeDirect(url: string, subject: string, otherUserId: string): Promise<string> {
  return await makeConversation(url, subject, { type: 'direct', memberIds: [otherUserId] });
}

/** A group of its creator and others, however many; gives its id. */
export async function makeGroup(url: string, subject: string, memberIds: readonly string[]): Promise<string> {
  const conversationId = await makeConversation(url, subject, {
    type: 'group',
    title: 'a group',
    memberIds: memberIds.slice(0, MEMBERS_PER_REQUEST / 2),
    clientMessageId: crypto.randomUUID(),
  });
  const path = `/v1/conversations/${conversationId}/members`;
  for (let at = MEMBERS_PER_REQUEST / 2; at < memberIds.length; at += MEMBERS_PER_REQUEST) {
    const userIds = memberIds.slice(at, at + MEMBERS_PER_REQUEST);
    const body = { clientMessageId: crypto.randomUUID(), userIds };
    await callHttp({ url, subject, method: 'POST', path, body });
  }
  return conversationId;
}

/** An event as a page of a log gives it. */
export type LogEvent = { readonly sequence: number; readonly type: string; readonly body?: string };

/** Reads a whole log, page by page, as one of its members. */
export async function* readLog(
  url: string,
  subject: string,
  conversationId: string,
): AsyncGenerator<readonly LogEvent[]> {
  for (let after = 0; ;) {
    const path = `/v1/conversations/${conversationId}/events?limit=${PAGE_EVENTS}&after=${after}`;
    const page = await callHttp({ url, subject, method: 'GET', path, body: null });
    const events = page['events'] as readonly LogEvent[];
    if (events.length === 0) return;
    yield events;
    after = events.at(-1)?.sequence ?? after;
    if (after >= (page['head'] as { readonly sequence: number }).sequence) return;
  }
}

async function makeConversation(url: string, subject: string, body: Json): Promise<string> {
  const made = await callHttp({ url, subject, method: 'POST', path: '/v1/conversations', body });
  return String((made['conversation'] as Json)['conversationId']);
}
