import type { Mutation } from '../mutation.ts';

const CONNECTION = 'packages/gateway/src/connection.ts';
const RESUME = 'packages/core/src/sync/resume.ts';

/** Who is told what: members alone, and all that they missed. */
export const members: readonly Mutation[] = [
  {
    name: 'core-delivers-to-who-was-a-member-before',
    breaks: ['G5.1'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/delivery.ts',
        find: `const wanted = this.#recipientsOf(item);`,
        replace: `const wanted = this.#recipientsOf(planned[0] ?? item);`,
      },
    ],
  },
  {
    name: 'core-keeps-who-left-a-followed-conversation',
    breaks: ['G5.1', 'G9.4'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/followed.ts',
        find: `    for (const userId of delivery.departed) this.#remove(conversationId, followed, userId);
    return recipients;`,
        replace: `    return recipients;`,
      },
    ],
  },
  {
    name: 'core-ends-a-resume-too-early',
    breaks: ['G4.5'],
    suite: 'resume',
    when: 'daily',
    edits: [{ file: RESUME, find: `    await run.cutOver();`, replace: `    sink.caughtUp();` }],
  },
  {
    name: 'core-forgets-what-came-during-a-resume',
    breaks: ['G4.5'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: RESUME,
        find: `if ((behind.get(conversationId) ?? 0) <= reached) behind.delete(conversationId);`,
        replace: `behind.delete(conversationId);`,
      },
    ],
  },
  {
    name: 'gateway-passes-events-on-before-the-resume-is-done',
    breaks: ['G4.5'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/device-session.ts',
        find: `    if (hears === 'everything') {
      const frame`,
        replace: `    if (hears !== 'nothing') {
      const frame`,
      },
    ],
  },
  {
    name: 'gateway-does-not-ask-again-who-was-signed-out',
    breaks: ['G8.4'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: CONNECTION,
        find: `if ((await revokedAmong([{ userId, deviceId }])).length > 0) session.deviceRevoked();`,
        replace: ``,
      },
    ],
  },
];
