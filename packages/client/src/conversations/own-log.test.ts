import { expect, test } from 'bun:test';
import { formatEventId, type LogEvent } from '@confab/protocol';
import { DrivenTimers } from '../testing/driven-timers.ts';
import { OwnLog } from './own-log.ts';

const conversationId = 'sown';

function membership(sequence: number, change: 'joined' | 'left', target: string): LogEvent {
  return {
    type: 'membership_event',
    eventId: formatEventId(conversationId, sequence, 'aaaaaaaa'),
    conversationId,
    sequence,
    ordinal: 0,
    senderId: 'alice',
    sentAt: '2026-01-01T00:00:00.000Z',
    change,
    targetConversationId: target,
    targetSequence: sequence * 10,
  };
}

function open() {
  const told: string[] = [];
  const asked: (string | null)[] = [];
  const log = new OwnLog({
    timers: new DrivenTimers(),
    requestSync: (_, after) => {
      asked.push(after);
      return true;
    },
    joined: (target) => told.push(`joined ${target}`),
    left: (target, sequence) => told.push(`left ${target} at ${sequence}`),
    changed: () => undefined,
  });
  return { log, told, asked };
}

test('[P7.5] says which conversations were joined and left, each once, in order', () => {
  const { log, told } = open();
  log.ready({ conversationId, head: null }, false);
  for (const event of [
    membership(1, 'joined', 'g1'),
    membership(2, 'left', 'g1'),
    membership(1, 'joined', 'g1'),
  ])
    log.arrive(event);
  expect(told).toEqual(['joined g1', 'left g1 at 20']);
});

test('[G4.4] where the server did not get the cursor, the list says it all, and nothing before it is asked for', () => {
  const { log, told } = open();
  log.ready({ conversationId, head: null }, false);
  log.arrive(membership(1, 'joined', 'g1'));
  const head = { sequence: 7, ordinal: 0, eventId: membership(7, 'left', 'g2').eventId, sentAt: '' };
  log.connectionLost();
  log.ready({ conversationId, head }, false);
  expect(log.position).toEqual({ sequence: 7, eventId: head.eventId });
  log.arrive(membership(8, 'joined', 'g3'));
  expect(told).toEqual(['joined g1', 'joined g3']);
});
