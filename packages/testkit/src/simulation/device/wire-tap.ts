import type { History } from '../history.ts';

/** A value from the wire that may be anything. */
type Json = Readonly<Record<string, unknown>>;

/** Whose line is listened to. */
export interface TappedDevice {
  readonly deviceName: string;
  readonly userId: string;
}

/** Notes what comes in to a device: events, in whatever they are wrapped, and acknowledgements. */
export function tapInbound(text: string, device: TappedDevice, history: History): void {
  if (!text.includes('"sequence"') && !text.includes('"landed"')) return;
  // A stream carries its frames line by line, and may cut one in two; the SDK puts them together, this does not.
  if (text.startsWith('data:')) {
    for (const line of text.split('\n'))
      if (line.startsWith('data: {')) tapJson(line.slice(6), device, history);
    return;
  }
  tapJson(text, device, history);
}

function tapJson(text: string, device: TappedDevice, history: History): void {
  const parsed = parse(text);
  if (parsed === null) return;
  if (Array.isArray(parsed['frames']))
    for (const frame of parsed['frames'] as Json[]) tapFrame(frame, device, history);
  else tapFrame(parsed, device, history);
}

function tapFrame(frame: Json, device: TappedDevice, history: History): void {
  if (isEvent(frame)) noteEvent(frame, device, history);
  for (const list of [frame['events'], frame['messages']]) {
    if (!Array.isArray(list)) continue;
    for (const item of list as Json[]) if (isEvent(item)) noteEvent(item, device, history);
  }
  if (isAcknowledgement(frame)) history.promise(frame);
  if (!Array.isArray(frame['landed'])) return;
  for (const [conversationId, clientMessageId, messageId, sequence] of frame['landed'] as [
    string,
    string,
    string,
    number,
  ][])
    history.promise({ conversationId, clientMessageId, messageId, sequence });
}

/** Notes what a device puts on the wire: the messages under their ids. */
export function tapOutbound(text: string, history: History): void {
  if (!text.includes('"body"')) return;
  const parsed: unknown = JSON.parse(text);
  for (const frame of (Array.isArray(parsed) ? parsed : [parsed]) as Json[]) {
    const { clientMessageId, body } = frame;
    if (typeof clientMessageId === 'string' && typeof body === 'string') history.wired(clientMessageId, body);
  }
}

function noteEvent(event: Json & EventPlace, { deviceName, userId }: TappedDevice, history: History): void {
  const { conversationId, sequence, eventId } = event;
  history.heard.push({ deviceName, userId, conversationId, sequence, eventId });
}

interface EventPlace {
  readonly conversationId: string;
  readonly sequence: number;
  readonly eventId: string;
}

/** Any frame with an `eventId` is an event of a log; a head has one too, and no conversation. */
function isEvent(frame: Json): frame is Json & EventPlace {
  const { conversationId, sequence, eventId } = frame;
  return typeof conversationId === 'string' && typeof sequence === 'number' && typeof eventId === 'string';
}

function isAcknowledgement(frame: Json): frame is Json & {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly messageId: string;
  readonly sequence: number;
} {
  const isAnswer = frame['eventId'] === undefined && typeof frame['messageId'] === 'string';
  return isAnswer && typeof frame['clientMessageId'] === 'string' && typeof frame['sequence'] === 'number';
}

function parse(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
