import { expect, test } from 'bun:test';
import type { EventsEnvelope } from '@confab/contracts';
import type { LogEvent } from '@confab/protocol';
import { decodeEvent, encodeEvent, frameFor, storedOf } from './event-codec.ts';

const common = {
  conversationId: 'g1',
  senderId: 'ann',
  sentAt: '2026-01-01T00:00:00.000Z',
  clientMessageId: 'of "ann"',
};
const events: readonly LogEvent[] = [
  {
    type: 'message_event',
    eventId: 'g1.2.AAAAAAAA',
    messageId: 'g1.2.AAAAAAAA',
    ...common,
    sequence: 2,
    ordinal: 1,
    body: 'x',
  },
  {
    type: 'member_event',
    eventId: 'g1.3.AAAAAAAA',
    ...common,
    sequence: 3,
    ordinal: 1,
    change: 'left',
    members: [{ userId: 'ann', role: 'member' }],
  },
];

test('[P5.2] a frame is the event without its id of the client, which its sender alone is shown', () => {
  for (const event of events) {
    const stored = encodeEvent(event);
    const { clientMessageId, ...others } = event;
    expect(decodeEvent(stored)).toEqual(others as LogEvent);
    expect(JSON.parse(frameFor('bob', stored))).toEqual(others);
    expect(JSON.parse(frameFor('ann', stored))).toEqual({ ...others, clientMessageId });
  }
});

test('[G4.1] what another node delivers is kept as the log has it', () => {
  const stored = events.map(encodeEvent);
  const deliveries = stored.map((event) => ({
    ...event,
    // What stands in the frame alone, or in the envelope, is taken from there.
    type: null,
    conversationId: null,
    userIds: null,
    joined: [],
    departed: [],
  }));
  const envelope: EventsEnvelope = { kind: 'events', conversationId: 'g1', isFollowed: false, deliveries };
  expect(storedOf(envelope)).toEqual(stored);
});
