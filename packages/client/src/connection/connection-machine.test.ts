import { describe, expect, test } from 'bun:test';
import { array, assert, constantFrom, property } from 'fast-check';
import {
  connectionEvents,
  connectionStates,
  type ConnectionStateName,
  hasLink,
  isReady,
  transitions,
} from './connection-machine.ts';

function after(events: readonly (typeof connectionEvents)[number][]): ConnectionStateName {
  return events.reduce<ConnectionStateName>((state, event) => transitions[state][event], 'stopped');
}

describe('the table of a connection', () => {
  test.each([...connectionStates])('%s ends at the user’s will', (state) => {
    expect(transitions[state].close).toBe('stopped');
  });

  test.each([...connectionStates])('%s leaves the stop of a server to the user', (state) => {
    expect(transitions[state].told_to_stop).toBe('stopped');
  });

  test('stopped is left by the user only', () => {
    for (const event of connectionEvents) {
      expect(transitions.stopped[event]).toBe(event === 'connect' ? 'connecting' : 'stopped');
    }
  });

  test('a broken link leads to a wait, whatever broke it', () => {
    for (const state of connectionStates.filter(hasLink)) {
      for (const event of ['lost', 'told_to_wait', 'token_refused'] as const) {
        expect(transitions[state][event]).toBe('waiting');
      }
    }
  });

  test('nothing is sent that was not authenticated: ready states are entered by "ready"', () => {
    for (const state of connectionStates.filter((name) => !isReady(name))) {
      for (const event of connectionEvents) {
        if (isReady(transitions[state][event])) expect([state, event]).toEqual(['authenticating', 'ready']);
      }
    }
  });

  test('waiting always ends: by time, by the user, or by a network', () => {
    expect(transitions.waiting.time_passed).toBe('connecting');
    expect(transitions.waiting.connect).toBe('connecting');
    expect(transitions.waiting.network_found).toBe('connecting');
    expect(transitions.offline.network_found).toBe('connecting');
  });

  test('whatever happened, a user who insists and a server that is there make a live connection', () => {
    assert(
      property(array(constantFrom(...connectionEvents), { maxLength: 40 }), (events) => {
        const way = ['close', 'connect', 'opened', 'ready', 'caught_up'] as const;
        expect(after([...events, ...way])).toBe('live');
        expect(after([...events, 'close'])).toBe('stopped');
      }),
    );
  });
});
