import type { EventPagePlan } from '../face/chat.ts';
import { frameFor } from '../log/event-codec.ts';

/** A page as one JSON object for one reader: its events are the bytes they were stored as. */
export function encodePage(page: EventPagePlan, userId: string): string {
  const events = page.events.map((event) => frameFor(userId, event)).join(',');
  const parts = [
    `"conversationId":${JSON.stringify(page.conversationId)}`,
    `"events":[${events}]`,
    `"head":${JSON.stringify(page.head)}`,
  ];
  if (page.reset) parts.push('"reset":true');
  if (page.watermarks.length > 0) parts.push(`"watermarks":${JSON.stringify(page.watermarks)}`);
  return `{${parts.join(',')}}`;
}
