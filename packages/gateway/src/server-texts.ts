import type { ReceiptNews } from '@confab/contracts';
import { encodePage, type EventPagePlan, type Landed, type Reply } from '@confab/core';
import {
  announcedLimits,
  type Authenticate,
  type ConfabError,
  type ConversationSummary,
  type FrameLabels,
  type Head,
  limits,
  type OperationFrame,
  PROTOCOL_VERSION,
  type ServerFrame,
} from '@confab/protocol';

/** What the server says, as text. Answers are spliced together: what core encoded once is not parsed again. */

const LIMITS = JSON.stringify(announcedLimits);

export function helloText(connectionId: string, nowMs: number): string {
  return (
    `{"type":"hello","protocol":${PROTOCOL_VERSION},"connectionId":"${connectionId}",` +
    `"heartbeatIntervalMs":${limits.heartbeatIntervalMs},"serverTime":"${new Date(nowMs).toISOString()}","limits":${LIMITS}}`
  );
}

/** The facts of a `ready`. */
export interface ReadyFacts {
  readonly ref: string | undefined;
  readonly userId: string;
  readonly deviceId: string;
  readonly ownLog: { readonly conversationId: string; readonly head: Head | null };
  readonly landed: readonly Landed[];
}

export function readyText(facts: ReadyFacts): string {
  return JSON.stringify({ type: 'ready', ...facts });
}

export function headsText(items: readonly ConversationSummary[], next: boolean): string {
  return JSON.stringify(next ? { type: 'heads', items, next } : { type: 'heads', items });
}

export const caughtUpText = said({ type: 'caught_up' });

export function pageText(page: EventPagePlan, userId: string): string {
  return `{"type":"sync_page",${encodePage(page, userId).slice(1)}`;
}

export function headEventText(conversationId: string, head: Head): string {
  return said({ type: 'head_event', conversationId, head });
}

/** The last receipt encoded: the same news goes to many sessions in one turn. */
let lastReceipt: { readonly news: ReceiptNews; readonly text: string } | null = null;

export function receiptText(news: ReceiptNews): string {
  if (lastReceipt === null || lastReceipt.news !== news) {
    lastReceipt = { news, text: JSON.stringify({ type: 'receipt_event', ...news }) };
  }
  return lastReceipt.text;
}

export function typingText(conversationId: string, userId: string): string {
  return `{"type":"typing_event","conversationId":"${conversationId}","userId":"${userId}"}`;
}

export function pongText(ref: string | undefined): string {
  return `{"type":"pong"${refOf(ref)}}`;
}

export function drainText(afterMs: number): string {
  return said({ type: 'drain', afterMs });
}

/** The answer of an operation, made of what core encoded. */
export function answerText(frame: OperationFrame, reply: Reply): string {
  const fields = reply.json === null || reply.json === '{}' ? '' : `,${reply.json.slice(1, -1)}`;
  if (frame.type === 'send_message') return `{"type":"message_accepted"${refOf(frame.ref)}${fields}}`;
  if (frame.type === 'sync') return `{"type":"sync_page"${refOf(frame.ref)}${fields}}`;
  const id = 'clientMessageId' in frame ? frame.clientMessageId : undefined;
  const clientMessageId = id === undefined ? '' : `,"clientMessageId":"${id}"`;
  return `{"type":"accepted","verb":"${frame.type}"${refOf(frame.ref)}${clientMessageId}${fields}}`;
}

/** The answer to a token renewed on a live connection. */
export function renewedText(frame: Authenticate): string {
  return `{"type":"accepted","verb":"authenticate"${refOf(frame.ref)}}`;
}

export function errorText(error: ConfabError, labels: FrameLabels): string {
  const { ref, clientMessageId, conversationId } = labels;
  const { code, message, retry } = error;
  const { afterMs, userIds } = error.detail;
  return JSON.stringify({
    type: 'error',
    ref,
    code,
    message,
    retry,
    afterMs,
    clientMessageId,
    conversationId,
    userIds,
  });
}

/** The pattern of a ref has nothing that JSON escapes. */
function refOf(ref: string | undefined): string {
  return ref === undefined ? '' : `,"ref":"${ref}"`;
}

function said(frame: ServerFrame): string {
  return JSON.stringify(frame);
}
