import type { ConversationView, MessageItem, MessageState, SystemItem, TimelineItem } from '@confab/client';

export type Person = NonNullable<ConversationView['peer']>;

const person = (userId: string, displayName: string, username = userId): Person => ({
  userId,
  username,
  displayName,
});

/** Who lives in the gallery. */
export const people = {
  me: person('me', 'Mara Lindqvist', 'mara'),
  ada: person('ada', 'Ada Okafor'),
  ben: person('ben', 'Ben Hartley'),
  chiyo: person('chiyo', 'Chiyo Tanaka'),
  dev: person('dev', 'Devendra Rao', 'dev.rao'),
  elif: person('elif', 'Elif Yılmaz'),
  franz: person('franz', 'Franz-Josef von der Wiesenmühle-Oberhausen', 'franz'),
  gus: person('gus', 'Gus'),
  hana: person('hana', 'Hana Nováková'),
  noor: person('noor', 'نور الهدى', 'noor'),
} as const;

export const everybody: readonly Person[] = Object.values(people);

const MINUTE_MS = 60_000;

/** A time so many minutes ago. */
export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE_MS).toISOString();
}

interface Line {
  readonly from: string;
  readonly body: string;
  readonly minutes: number;
  readonly state?: MessageState;
  /** Not acknowledged: no place in the order yet. */
  readonly unsent?: boolean;
}

/** Makes a message of a conversation. */
export function message(conversationId: string, sequence: number, line: Line): MessageItem {
  const own = line.from === 'me';
  const place = line.unsent === true ? null : sequence;
  return {
    kind: 'message',
    key: `${conversationId}-${sequence}`,
    messageId: place === null ? null : `${conversationId}.${sequence.toString(36)}.AAAAAAAA`,
    sequence: place,
    clientMessageId: own ? `own-${conversationId}-${sequence}` : null,
    senderId: line.from,
    own,
    body: line.body,
    format: 'plain',
    replyTo: null,
    mentions: [],
    sentAt: minutesAgo(line.minutes),
    state: line.state ?? { kind: own ? 'read' : 'received' },
  };
}

type SystemFacts = Partial<SystemItem['event']> & { readonly type: SystemItem['event']['type'] };

/** Makes a system line of a conversation. */
export function system(
  conversationId: string,
  sequence: number,
  minutes: number,
  facts: SystemFacts,
): SystemItem {
  const senderId = facts.senderId ?? 'ada';
  const sentAt = minutesAgo(minutes);
  return {
    kind: 'system',
    key: `${conversationId}-${sequence}`,
    sequence,
    senderId,
    sentAt,
    event: {
      eventId: `${conversationId}.${sequence}.AAAAAAAA`,
      conversationId,
      sequence,
      ordinal: 0,
      senderId,
      sentAt,
      ...facts,
    } as SystemItem['event'],
  };
}

/** Many messages, for scrolling. */
export function longHistory(conversationId: string, count: number): TimelineItem[] {
  const words =
    'Tide tables say low water at six so we could walk across the flats and be back before dark'.split(' ');
  const from = ['ada', 'ada', 'me', 'ada', 'me', 'me'];
  return Array.from({ length: count }, (_, index) => {
    const length = 2 + ((index * 7) % 17) * (index % 11 === 0 ? 6 : 1);
    const body = Array.from({ length }, (__, word) => words[(index + word) % words.length]).join(' ');
    const minutes = (count - index) * 17;
    return message(conversationId, index + 2, {
      from: from[index % from.length] ?? 'ada',
      body: `${index + 1}. ${body}`,
      minutes,
    });
  });
}
