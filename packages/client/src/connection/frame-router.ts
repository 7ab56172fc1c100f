import type { LogEvent, ServerFrame, ServerFrameOf, ServerFrameType } from '@confab/protocol';
import type { ClientLogger } from '../client-types.ts';
import type { Directory } from '../conversations/directory.ts';
import { errorOfWire } from '../http/problem.ts';
import type { SendQueue } from '../queue/send-queue.ts';
import type { ReceiptBatch } from '../receipts/receipt-batch.ts';

const SYNC_REF = 'sync:';

/** The ref that brings an error of a sync back to its conversation. */
export function syncRef(conversationId: string): string {
  return `${SYNC_REF}${conversationId}`;
}

interface FrameRouterPorts {
  readonly directory: Directory;
  readonly queue: SendQueue;
  readonly receipts: ReceiptBatch;
  readonly me: () => string;
  readonly logger: ClientLogger;
  readonly tokenRefused: () => void;
  readonly reconnect: () => void;
}

type Routes = { readonly [T in ServerFrameType]: (frame: ServerFrameOf<T>) => void };

/** Brings each frame of a ready connection to the part it is for. */
export function frameRouter(ports: FrameRouterPorts): (frame: ServerFrame) => void {
  const { directory, queue } = ports;
  const arrive = (event: LogEvent): void => directory.arrive(event);
  const routes: Routes = {
    heads: (frame) => directory.heads(frame),
    message_event: arrive,
    conversation_event: arrive,
    member_event: arrive,
    membership_event: arrive,
    sync_page: (frame) => directory.takePage(frame),
    head_event: ({ conversationId, head }) => directory.tick(conversationId, head.sequence),
    receipt_event: (frame) => directory.entry(frame.conversationId).receipt(frame),
    typing_event: ({ conversationId, userId }) => {
      if (userId !== ports.me()) directory.entry(conversationId).typing.started(userId);
    },
    message_accepted: (frame) => queue.acknowledge(frame),
    error: (frame) => takeError(ports, frame),
    accepted: ignore,
    // The connection has seen to these.
    hello: ignore,
    ready: ignore,
    caught_up: ignore,
    pong: ignore,
    drain: ignore,
  };
  return (frame) => {
    if (Object.hasOwn(routes, frame.type)) (routes[frame.type] as (frame: ServerFrame) => void)(frame);
    else takeUnknown(directory, frame);
  };
}

function ignore(): void {
  return undefined;
}

/** Whatever has an event id is an event of a log, also of a kind that only a newer version knows. */
function takeUnknown(directory: Directory, frame: object): void {
  const event = frame as Partial<LogEvent>;
  const isEvent = typeof event.eventId === 'string' && typeof event.sequence === 'number';
  if (isEvent && typeof event.conversationId === 'string') directory.arrive(event as LogEvent);
}

function takeError(ports: FrameRouterPorts, frame: Extract<ServerFrame, { type: 'error' }>): void {
  const error = errorOfWire(frame, null);
  const { ref, conversationId } = frame;
  if (ports.queue.refused(frame, error)) return;
  if (ref?.startsWith(SYNC_REF) === true) {
    ports.directory.syncFailed(ref.slice(SYNC_REF.length), error);
    return;
  }
  // Receipts and typing notes alone go without a ref; of these only receipts are worth saying again.
  if (ref === undefined && conversationId !== undefined && error.retry === 'later')
    ports.receipts.refused(conversationId, error.afterMs);
  ports.logger.warn('refused', { code: error.code, ref: ref ?? null });
  if (error.retry === 'after_auth') ports.tokenRefused();
  if (error.retry === 'after_resume') ports.reconnect();
}
