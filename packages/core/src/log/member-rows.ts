import type { ViewRow, Views } from '@confab/contracts';

/** Rows read at once. */
const PAGE_ROWS = 1_000;

/** The members of a conversation as the views have them, in the order of their ids, page by page. */
export async function* memberRows(views: Views, conversationId: string): AsyncGenerator<ViewRow<'member'>> {
  let after: string | null = null;
  for (;;) {
    const request = { view: 'member', partition: conversationId, after, limit: PAGE_ROWS } as const;
    const page: readonly ViewRow<'member'>[] = await views.list(request);
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.key ?? null;
  }
}
