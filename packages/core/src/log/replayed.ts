import type { StoredEvent, ViewPut } from '@confab/contracts';
import { apply, type ConversationState } from '@confab/conversation';
import { decodeEvent } from './event-codec.ts';
import { viewPutsOf } from './view-puts.ts';

/** A conversation right after an event, and the rows that changed with it. */
export interface Replayed {
  readonly state: ConversationState;
  readonly views: readonly ViewPut[];
}

/**
 * What an event of a log comes to: for filling a store with logs of another, whose views are made again from them.
 * Throws where the event does not follow the state.
 */
export function replayed(before: ConversationState | null, event: StoredEvent): Replayed {
  const decoded = decodeEvent(event);
  const state = apply(before, decoded);
  return { state, views: viewPutsOf(before, state, decoded) };
}
