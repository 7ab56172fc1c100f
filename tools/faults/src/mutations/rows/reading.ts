import type { Mutation } from '../mutation.ts';

/** What is read is what may be read, and all of it; and counted right. */
export const reading: readonly Mutation[] = [
  {
    name: 'core-shares-a-page-that-is-too-old',
    breaks: ['G4.5', 'G9.3'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/log-reader.ts',
        find: `if (shared !== undefined && shared.through >= through)`,
        replace: `if (shared !== undefined)`,
      },
    ],
  },
  {
    name: 'core-polls-before-it-listens',
    breaks: ['G4.5'],
    suite: 'resume',
    when: 'all',
    edits: [
      {
        file: 'packages/core/src/sync/pages.ts',
        find: `      await sessions.attach(waiter);
      const page = await this.page(request);
      if (page.events.length > 0 || page.reset) return page;`,
        replace: `      const page = await this.page(request);
      if (page.events.length > 0 || page.reset) return page;
      await sessions.attach(waiter);`,
      },
    ],
  },
  {
    name: 'core-reads-from-before-a-join',
    breaks: ['G5.3'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/pages.ts',
        find: `sequence: Math.max(after, range.from - 1) };`,
        replace: `sequence: after };`,
      },
    ],
  },
  {
    name: 'core-asks-who-is-a-member-before-how-far-it-goes',
    breaks: ['G5.1'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/pages.ts',
        find: `    const head = await headOfLog(log, conversationId);
    const range = await access.readable(conversationId, userId);
    if (range === null || range`,
        replace: `    const range = await access.readable(conversationId, userId);
    const head = await headOfLog(log, conversationId);
    if (range === null || range`,
      },
    ],
  },
  {
    name: 'core-gives-history-to-strangers',
    breaks: ['G5.2'],
    suite: 'strangers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/history.ts',
        find: `    const membership = await this.#access.member(conversationId, userId);`,
        replace: `    const membership = (await this.#access.membership(conversationId, userId)) ?? { from: 1 };`,
      },
    ],
  },
  {
    name: 'core-takes-any-cursor',
    breaks: ['G4.2'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/replay.ts',
        find: `  return eventId === cursor ? {`,
        replace: `  return eventId !== undefined ? {`,
      },
    ],
  },
  {
    name: 'core-tells-a-removed-member-how-far-it-went',
    breaks: ['G5.1', 'P4.4'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/resume.ts',
        find: `    if (range.to !== null) return await this.#drop(conversationId);
    const request`,
        replace: `    const request`,
      },
    ],
  },
  {
    name: 'core-lets-a-lower-receipt-win',
    breaks: ['G6.3'],
    suite: 'receipts',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/receipts/gathered.ts',
        find: `if ((marks.get(mark)?.sequence ?? 0) < advance.sequence)`,
        replace: `if (true)`,
      },
    ],
  },
  {
    name: 'core-drops-receipts-that-were-not-written',
    breaks: ['G6.3'],
    suite: 'receipts',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/receipts/receipts.ts',
        find: `      for (const advance of advances) this.#gathered.take(advance);
`,
        replace: ``,
      },
    ],
  },
  {
    name: 'core-takes-receipts-beyond-the-head',
    breaks: ['G6.3'],
    suite: 'receipts',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/receipts/receipts.ts',
        find: `      const sequence = Math.min(request.read, head.sequence);`,
        replace: `      const sequence = request.read;`,
      },
    ],
  },
  {
    name: 'core-counts-own-messages-as-unread',
    breaks: ['G6.1', 'G6.2'],
    suite: 'conversation',
    when: 'daily',
    edits: [
      {
        file: 'packages/conversation/src/unread.ts',
        find: `headOrdinal - floorOrdinal - ownAboveFloor)`,
        replace: `headOrdinal - floorOrdinal)`,
      },
    ],
  },
  {
    name: 'sqlite-lets-watermarks-go-back',
    breaks: ['CUR1'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/write-cursors.ts',
        find: ` WHERE excluded.sequence > sequence`,
        replace: ``,
      },
    ],
  },
  {
    name: 'sqlite-lets-an-older-row-win',
    breaks: ['VIEW1'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/write-views.ts',
        find: `WHERE excluded.version >= version`,
        replace: `WHERE true`,
      },
    ],
  },
  {
    name: 'client-counts-own-mentions',
    breaks: ['G6.2'],
    suite: 'client',
    when: 'daily',
    edits: [
      {
        file: 'packages/client/src/conversations/conversation-record.ts',
        find: `const mentioned = event.senderId !== me && (event`,
        replace: `const mentioned = (event`,
      },
    ],
  },
  {
    name: 'core-tells-all-but-one-of-many-what-they-read',
    breaks: ['G6.1'],
    suite: 'receipts',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/receipts/receipts.ts',
        find: `reads.slice(from, from + TOLD_AT_ONCE)`,
        replace: `reads.slice(from, from + TOLD_AT_ONCE - 1)`,
      },
    ],
  },
];
