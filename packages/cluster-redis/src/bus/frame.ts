/** What goes over the channel of a node. A later version may add to it only what this one can pass over. */
export type Frame =
  /** Envelopes, the `counter`th frame of a link. */
  | {
      readonly kind: 'data';
      readonly from: string;
      readonly link: string;
      readonly counter: number;
      readonly body: string;
    }
  /** How far a link is, and within what time more will be heard of it. */
  | {
      readonly kind: 'beat';
      readonly from: string;
      readonly link: string;
      readonly counter: number;
      readonly dueMs: number;
    }
  /** The receiver of a link lacks these frames. */
  | {
      readonly kind: 'lack';
      readonly from: string;
      readonly link: string;
      readonly first: number;
      readonly last: number;
    }
  /** The publisher of a link has no frame up to this one any more. */
  | { readonly kind: 'gone'; readonly from: string; readonly link: string; readonly upTo: number }
  /** Requests and answers, which are not numbered: who asks knows what is missing. */
  | { readonly kind: 'talk'; readonly from: string; readonly body: string };

/** Frames of another version are passed over: nodes of both run side by side while a fleet is updated. */
const VERSION = '1';

export function formatFrame(frame: Frame): string {
  const head = (link: string, first: number, second: number): string =>
    `${VERSION} ${frame.kind} ${frame.from} ${link} ${first} ${second}\n`;
  switch (frame.kind) {
    case 'data':
      return head(frame.link, frame.counter, 0) + frame.body;
    case 'beat':
      return head(frame.link, frame.counter, frame.dueMs);
    case 'lack':
      return head(frame.link, frame.first, frame.last);
    case 'gone':
      return head(frame.link, frame.upTo, 0);
    case 'talk':
      return head('-', 0, 0) + frame.body;
  }
}

/** Null where it is of another version or of a kind that is not known. */
export function parseFrame(text: string): Frame | null {
  const headEnd = text.indexOf('\n');
  const [version, kind, from, link, first, second] = text.slice(0, Math.max(0, headEnd)).split(' ');
  if (version !== VERSION || from === undefined || link === undefined) return null;
  const [one, two] = [Number(first), Number(second)];
  if (!Number.isSafeInteger(one) || !Number.isSafeInteger(two)) return null;
  switch (kind) {
    case 'data':
      return { kind, from, link, counter: one, body: text.slice(headEnd + 1) };
    case 'beat':
      return { kind, from, link, counter: one, dueMs: two };
    case 'lack':
      return { kind, from, link, first: one, last: two };
    case 'gone':
      return { kind, from, link, upTo: one };
    case 'talk':
      return { kind, from, body: text.slice(headEnd + 1) };
    default:
      return null;
  }
}
