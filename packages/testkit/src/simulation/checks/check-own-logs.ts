import { changeOf } from '../../test-device.ts';
import type { WorldFacts } from './world-facts.ts';

/** [G4.4]: a user's own log names each of their joins and leaves, once. */
export function checkOwnLogs({ conversations, ownLogs }: WorldFacts): readonly string[] {
  return [...ownLogs].flatMap(([userId, ownLog]) =>
    [...conversations.values()].flatMap(({ conversationId, log }) => {
      const expected = log.flatMap((event) => {
        const change = changeOf(event, userId);
        return change === null ? [] : [`${change} at ${event.sequence}`];
      });
      const noted = ownLog.flatMap((event) =>
        event.type === 'membership_event' && event.targetConversationId === conversationId
          ? [{ text: `${event.change} at ${event.targetSequence}`, sequence: event.targetSequence }]
          : [],
      );
      const found = noted.toSorted((one, other) => one.sequence - other.sequence).map(({ text }) => text);
      return found.join() === expected.join()
        ? []
        : [`[G4.4] the log of ${userId} says ${found.join()} of ${conversationId}, not ${expected.join()}`];
    }),
  );
}
