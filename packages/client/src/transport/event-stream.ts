/** One server-sent event: the part of the format that Confab uses. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * Parses `text/event-stream` piece by piece: lines may be cut anywhere. Bounded: a line longer than `lineCharactersMax`
 * is a broken server, and throws.
 */
export class EventStreamParser {
  readonly #lineCharactersMax: number;
  #rest = '';
  #name = '';
  #data: string[] = [];

  constructor(lineCharactersMax: number) {
    this.#lineCharactersMax = lineCharactersMax;
  }

  /** The events that this piece completes. */
  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.#lineCharactersMax) throw new Error('a line of the stream is too long');
    for (const line of lines) {
      const event = this.#take(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event !== null) events.push(event);
    }
    return events;
  }

  #take(line: string): ServerSentEvent | null {
    if (line === '') {
      const event = this.#data.length === 0 ? null : { name: this.#name, data: this.#data.join('\n') };
      this.#name = '';
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    if (field === 'event') this.#name = value;
    return null;
  }
}
