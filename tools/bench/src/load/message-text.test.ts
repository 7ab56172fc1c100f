import { expect, test } from 'bun:test';
import {
  bodyOf,
  clientMessageIdOf,
  eventIdIn,
  kindOf,
  numberIn,
  readBody,
  sayingIn,
  sequenceIn,
} from './message-text.ts';

const SAID = { number: 100_000_042, meantUs: 1_795_682_943_466_932 };

function bytesOf(frame: object): [Buffer, number, number] {
  const text = Buffer.from(JSON.stringify(frame));
  return [Buffer.concat([Buffer.from('before'), text, Buffer.from('"sequence":99')]), 6, 6 + text.length];
}

function eventOf(sequence: number) {
  const eventId = `gabc.${sequence.toString(36)}.abcdefgh`;
  return { type: 'message_event', eventId, conversationId: 'gabc', sequence, body: bodyOf(SAID, 200) };
}

test('what a load needs of a message is read off its bytes, wherever the fields stand', () => {
  for (const sequence of [1, 35, 36, 123_456]) {
    const event = eventOf(sequence);
    const { type, body, ...others } = event;
    for (const frame of [event, { ...event, sentAt: 'later' }, { type, body, ...others }]) {
      const place = bytesOf(frame);
      expect(kindOf(place[0], place[1])).toBe('message');
      expect([eventIdIn(...place), sequenceIn(...place), sayingIn(...place)]).toEqual([
        event.eventId,
        sequence,
        SAID,
      ]);
    }
  }
});

test('an acknowledgement names the message; other frames have no number, and no saying', () => {
  const accepted = bytesOf({
    type: 'message_accepted',
    clientMessageId: clientMessageIdOf(SAID.number),
    sequence: 7,
  });
  expect(kindOf(accepted[0], accepted[1])).toBe('accepted');
  expect([numberIn(...accepted), sequenceIn(...accepted)]).toEqual([SAID.number, 7]);
  const other = bytesOf({ type: 'member_event', clientMessageId: 'somebody-elses-id', body: 'hello' });
  expect(kindOf(other[0], other[1])).toBe('other');
  expect([numberIn(...other), sequenceIn(...other)]).toEqual([Number.NaN, Number.NaN]);
  expect(sayingIn(...other)).toBeNull();
  expect(
    ['membership_event', 'heads', 'sync_page', 'error'].map((type) => kindOf(...kindArguments(type))),
  ).toEqual(Array.from({ length: 4 }, () => 'other'));
});

test('a body has as many bytes as wanted and is read again', () => {
  expect(bodyOf(SAID, 200).length).toBe(200);
  expect(readBody(bodyOf(SAID, 28))).toEqual(SAID);
  expect(readBody('hello')).toBeNull();
});

function kindArguments(type: string): [Buffer, number] {
  const [bytes, start] = bytesOf({ type });
  return [bytes, start];
}
