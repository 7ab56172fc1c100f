import {
  type ClientFrame,
  ConfabError,
  decodeClientFrame,
  type FrameLabels,
  labelsOf,
  parseObject,
} from '@confab/protocol';

/** What came of a text: a frame, or why it is none, with what could be read of it. */
export type InboundFrame =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  | { readonly kind: 'bad'; readonly error: unknown; readonly labels: FrameLabels };

/** Whom a text came from, and how long it may be in UTF-8. */
export interface InboundBounds {
  readonly bytesMax: number;
  readonly isPeerKnown: boolean;
}

/**
 * Reads a frame. What an unknown peer sends too much of is not even parsed; a known one is told which of its requests
 * it was.
 */
export function readFrame(text: string, { bytesMax, isPeerKnown }: InboundBounds): InboundFrame {
  let labels: FrameLabels = {};
  try {
    const isTooLarge = text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
    if (isTooLarge && !isPeerKnown) throw tooLarge(bytesMax);
    const value = parseObject(text);
    labels = labelsOf(value);
    if (isTooLarge) throw tooLarge(bytesMax);
    return { kind: 'frame', frame: decodeClientFrame(value) };
  } catch (error) {
    return { kind: 'bad', error, labels };
  }
}

function tooLarge(bytesMax: number): ConfabError {
  return new ConfabError('too_large', `A frame has at most ${bytesMax} bytes.`);
}
