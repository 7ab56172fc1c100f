import type { Device } from './device.ts';
import type { SaidMessages } from './message-record.ts';

/** What a load process gives the checker. Conversations and devices are places in lists. */
export type Evidence = {
  readonly conversationIds: readonly string[];
  /** A member of each, who may read it. */
  readonly conversationReaders: readonly string[];
  readonly said: SaidMessages;
  /** The conversation of each lane. */
  readonly laneConversations: Int32Array;
  readonly readings: Readings;
  /** Connections that ended without being told to, by their close code. */
  readonly lost: Readonly<Record<string, number>>;
  /** Requests that were refused, by the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
  /** How often a device had to ask for events that had not come. */
  readonly holes: number;
};

/** Each place: one device's reading of one conversation. */
export type Readings = {
  readonly conversations: Int32Array;
  readonly bases: Int32Array;
  readonly lasts: Int32Array;
  readonly fingerprints: Int32Array;
};

/** The readings of the conversations that are checked; others, such as the devices' own logs, are left out. */
export function readingsOf(devices: readonly Device[], places: ReadonlyMap<string, number>): Readings {
  const rows = devices.flatMap((device) =>
    [...device.readings.values()].flatMap((reading) => {
      const conversation = places.get(reading.conversationId);
      return conversation === undefined ? [] : [{ conversation, reading }];
    }),
  );
  return {
    conversations: Int32Array.from(rows, (row) => row.conversation),
    bases: Int32Array.from(rows, (row) => row.reading.base),
    lasts: Int32Array.from(rows, (row) => row.reading.last),
    fingerprints: Int32Array.from(rows, (row) => row.reading.fingerprint),
  };
}
