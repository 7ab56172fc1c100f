import type { WorkItem } from '@confab/contracts';
import type { ConversationState } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';

/** What must follow an event elsewhere: the logs of the users who joined or left. */
export function workItemsOf(after: ConversationState, event: LogEvent, nowMs: number): WorkItem[] {
  if (after.type === 'self') return [];
  const [change, userIds] = membershipChange(event);
  if (userIds.length === 0) return [];
  return [
    {
      workId: event.eventId,
      dueAtMs: nowMs,
      task: {
        kind: 'record_membership',
        userIds,
        change,
        conversationId: event.conversationId,
        eventId: event.eventId,
        sequence: event.sequence,
      },
    },
  ];
}

function membershipChange(event: LogEvent): ['joined' | 'left', string[]] {
  if (event.type === 'conversation_event' && event.change === 'created') {
    return ['joined', (event.members ?? []).map((member) => member.userId)];
  }
  if (event.type !== 'member_event' || event.change === 'role_changed') return ['joined', []];
  return [event.change === 'joined' ? 'joined' : 'left', event.members.map((member) => member.userId)];
}
