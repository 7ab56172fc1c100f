import type { LogEvent, ServerFrame } from '@confab/protocol';
import type { ClientLogger } from '../client-types.ts';
import type { Directory } from '../conversations/directory.ts';
import { errorOfWire } from '../http/problem.ts';
import type { SendQueue } from '../queue/send-queue.ts';

const SYNC_REF = 'sync:';

/** The ref that brings an error of a sync back to its conversation. */
export function syncRef(conversationId: string): string {
  return `${SYNC_REF}${conversationId}`;
}

interface FrameRouterPorts {
  readonly directory: Directory;
  readonly queue: SendQueue;
  readonly me: () => string;
  readonly logger: ClientLogger;
  readonly tokenRefused: () => void;
  readonly reconnect: () => void;
}

/** Brings each frame of a ready connection to the part it is for. */
export function frameRouter(ports: FrameRouterPorts): (frame: ServerFrame) => void {
  const { directory, queue } = ports;
  return (frame) => {
    switch (frame.type) {
      case 'heads':
        directory.heads(frame);
        return;
      case 'message_event':
      case 'conversation_event':
      case 'member_event':
      case 'membership_event':
        directory.arrive(frame);
        return;
      case 'sync_page':
        directory.takePage(frame);
        return;
      case 'head_event':
        directory.entry(frame.conversationId).noteHead(frame.head.sequence);
        return;
      case 'receipt_event':
        directory.entry(frame.conversationId).receipt(frame);
        return;
      case 'typing_event':
        if (frame.userId !== ports.me()) directory.entry(frame.conversationId).typing.started(frame.userId);
        return;
      case 'message_accepted':
        queue.acknowledge(frame);
        return;
      case 'error':
        takeError(ports, frame);
        return;
      case 'accepted':
      case 'hello':
      case 'ready':
      case 'caught_up':
      case 'pong':
      case 'drain':
        return;
      default:
        takeUnknown(directory, frame);
    }
  };
}

/** Whatever has an event id is an event of a log, also of a kind that only a newer version knows. */
function takeUnknown(directory: Directory, frame: never): void {
  const event = frame as Partial<LogEvent>;
  if (typeof event.eventId === 'string' && typeof event.sequence === 'number') directory.arrive(frame);
}

function takeError(ports: FrameRouterPorts, frame: Extract<ServerFrame, { type: 'error' }>): void {
  const error = errorOfWire(frame, null);
  const { ref } = frame;
  if (ports.queue.refused(ref, error)) return;
  if (ref?.startsWith(SYNC_REF) === true) {
    ports.directory.syncFailed(ref.slice(SYNC_REF.length), error);
    return;
  }
  ports.logger.warn('refused', { code: error.code, ref: ref ?? null });
  if (error.retry === 'after_auth') ports.tokenRefused();
  if (error.retry === 'after_resume') ports.reconnect();
}
