import { ConfabError } from '@confab/protocol';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Path and query of a request, the path cut at its slashes and decoded. */
export interface Target {
  readonly path: string;
  readonly segments: readonly string[];
  /** Without the question mark; '' where there is none. */
  readonly query: string;
}

/**
 * Cuts a request's URL by hand: the parts in front of the path are of no use here, and a full parse of them costs more
 * than the rest of the routing. Throws `malformed` where the path is not UTF-8 in percent-encoding.
 */
export function targetOf(url: string): Target {
  const pathAt = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3);
  if (pathAt < 0) return { path: '/', segments: [''], query: '' };
  const fragmentAt = url.indexOf('#', pathAt);
  const end = fragmentAt < 0 ? url.length : fragmentAt;
  const mark = url.indexOf('?', pathAt);
  const queryAt = mark < 0 || mark > end ? end : mark;
  const path = url.slice(pathAt, queryAt);
  const segments = path.slice(1).split('/');
  const isEncoded = path.includes('%');
  return {
    path,
    segments: isEncoded ? segments.map(decodeSegment) : segments,
    query: url.slice(queryAt + 1, end),
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ConfabError('malformed', 'The path is not UTF-8 in percent-encoding.');
  }
}

/** A place in a path where a field of the request stands. */
export interface PathField {
  readonly field: string;
  readonly segment: number;
}

/** The fields of a template such as `/v1/users/{userId}`. */
export function pathFieldsOf(template: string): readonly PathField[] {
  return template
    .slice(1)
    .split('/')
    .flatMap((segment, index) => {
      const field = fieldOf(segment);
      return field === null ? [] : [{ field, segment: index }];
    });
}

function fieldOf(segment: string): string | null {
  return segment.startsWith('{') && segment.endsWith('}') ? segment.slice(1, -1) : null;
}

interface Place<R> {
  readonly words: Map<string, Place<R>>;
  field: Place<R> | null;
  readonly routes: Map<Method, R>;
}

/**
 * Routes by path template and method, as a tree of segments. A word goes before a field; where the word's branch has
 * no such method, the field's is tried: `PUT /v1/users/external` stands beside `GET /v1/users/{userId}`.
 */
export class Router<R> {
  readonly #root: Place<R> = newPlace();

  add(method: Method, template: string, route: R): void {
    let place = this.#root;
    for (const segment of template.slice(1).split('/')) place = stepInto(place, segment);
    if (place.routes.has(method)) throw new Error(`${method} ${template} has two routes.`);
    place.routes.set(method, route);
  }

  /** The route, or null; `allowedMethods` tells why there is none. */
  find(method: string, segments: readonly string[]): R | null {
    return findIn(this.#root, segments, (place) => place.routes.get(method as Method) ?? null);
  }

  /** What this path takes; nothing where there is no such path. */
  allowedMethods(segments: readonly string[]): readonly Method[] {
    const methods = new Set<Method>();
    findIn(this.#root, segments, (place) => {
      for (const method of place.routes.keys()) methods.add(method);
      return null;
    });
    return [...methods].sort();
  }
}

function newPlace<R>(): Place<R> {
  return { words: new Map(), field: null, routes: new Map() };
}

function stepInto<R>(place: Place<R>, segment: string): Place<R> {
  if (fieldOf(segment) !== null) {
    place.field ??= newPlace();
    return place.field;
  }
  const next = place.words.get(segment) ?? newPlace<R>();
  place.words.set(segment, next);
  return next;
}

/** The first answer of a place at the end of the path. The tree is as deep as the longest template, which bounds this. */
function findIn<R>(
  start: Place<R>,
  segments: readonly string[],
  at: (place: Place<R>) => R | null,
): R | null {
  const walk = (place: Place<R>, index: number): R | null => {
    const segment = segments[index];
    if (segment === undefined) return at(place);
    const word = place.words.get(segment);
    const found = word === undefined ? null : walk(word, index + 1);
    if (found !== null || place.field === null || segment === '') return found;
    return walk(place.field, index + 1);
  };
  return walk(start, 0);
}
