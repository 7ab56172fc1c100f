import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConfabError } from './errors.ts';
import type { ObjectSchema } from './fields.ts';
import { Authenticate, type ClientFrame, operationFrameSchema, Ping } from './frames.ts';
import { limits } from './limits.ts';
import { calls, type FrameVerb, verbs } from './calls.ts';
import { utf8Length } from './utf8.ts';

/**
 * Bytes to validated words and back: the only parse of outside data. A decoded value has the fields of its schema and
 * no others, so an unknown field - `__proto__` among them - reaches nobody.
 */
export interface Decoder<T> {
  /** Gives the value with known fields only, or throws `invalid` naming the first bad field. */
  readonly decode: (value: unknown) => T;
}

/** A decoder for one schema of objects. Compile once, at start. */
export function decoderOf<T>(schema: ObjectSchema): Decoder<T> {
  const validator = Compile(schema as TSchema);
  const listBounds = listBoundsOf(schema);
  return {
    decode(value) {
      checkBody((value as { body?: unknown } | null)?.body);
      for (const [field, itemsMax] of listBounds) checkList(value, field, itemsMax);
      if (!validator.Check(value)) throw invalid(() => validator.Errors(value));
      return knownFieldsOf(schema, value as Record<string, unknown>) as T;
    },
  };
}

/** The lists of a schema and the most items each may have. */
function listBoundsOf(schema: ObjectSchema): readonly (readonly [field: string, itemsMax: number])[] {
  return Object.entries(schema.properties).flatMap(([field, inner]) =>
    'maxItems' in inner && typeof inner.maxItems === 'number' ? [[field, inner.maxItems] as const] : [],
  );
}

/** Before the schema, which would look at each of a million items only to find them too many. */
function checkList(value: unknown, field: string, itemsMax: number): void {
  const list = (value as Readonly<Record<string, unknown>> | null)?.[field];
  if (!Array.isArray(list) || list.length <= itemsMax) return;
  throw new ConfabError('invalid', `Field ${field} has ${list.length} items; the limit is ${itemsMax}.`);
}

/** The fields of a valid value that its schema lists, also of the objects within it. */
function knownFieldsOf(
  schema: ObjectSchema,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(schema.properties)) {
    const item = value[field];
    if (item === undefined) continue;
    const isObject = 'properties' in inner && typeof item === 'object' && item !== null;
    known[field] = isObject ? knownFieldsOf(inner as ObjectSchema, item as Record<string, unknown>) : item;
  }
  return known;
}

function invalid(findErrors: () => Iterable<object>): ConfabError {
  for (const error of findErrors()) {
    const { instancePath, message, params } = error as {
      instancePath: string;
      message: string;
      params?: unknown;
    };
    const missing = (params as { requiredProperties?: string[] } | undefined)?.requiredProperties;
    const place = instancePath.replace(/^\//, '').replaceAll('/', '.');
    const field = missing === undefined ? place : [place, missing[0]].filter(Boolean).join('.');
    if (missing !== undefined) return new ConfabError('invalid', `Field ${field} is missing.`);
    return new ConfabError('invalid', `${field === '' ? 'The object' : `Field ${field}`} ${message}.`);
  }
  return new ConfabError('invalid');
}

/** The schema bounds characters, the promise is in bytes; and too much of the right thing is `too_large`, not `invalid`. */
function checkBody(body: unknown): void {
  if (typeof body !== 'string' || body.length * 3 <= limits.bodyBytesMax) return;
  const bytes = utf8Length(body);
  if (bytes > limits.bodyBytesMax) {
    throw new ConfabError(
      'too_large',
      `The body has ${bytes} bytes of UTF-8; the limit is ${limits.bodyBytesMax}.`,
    );
  }
}

/** Parses text as one JSON object, or throws `malformed`. */
export function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfabError('malformed', 'This is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfabError('malformed', 'One JSON object is expected.');
  }
  return value as Record<string, unknown>;
}

/** What could be read of a frame that is refused, so that its error can be matched to it. */
export interface FrameLabels {
  ref?: string;
  clientMessageId?: string;
  conversationId?: string;
}

const REF = /^[A-Za-z0-9_.:-]{1,64}$/;
const CLIENT_MESSAGE_ID = /^[A-Za-z0-9_-]{22,64}$/;
const CONVERSATION_ID = /^[A-Za-z0-9_-]{1,40}$/;

/** The labels of a frame, as far as they are well-formed. */
export function labelsOf(value: Record<string, unknown>): FrameLabels {
  const labels: FrameLabels = {};
  const { ref, clientMessageId, conversationId } = value;
  if (typeof ref === 'string' && REF.test(ref)) labels.ref = ref;
  if (typeof clientMessageId === 'string' && CLIENT_MESSAGE_ID.test(clientMessageId))
    labels.clientMessageId = clientMessageId;
  if (typeof conversationId === 'string' && CONVERSATION_ID.test(conversationId))
    labels.conversationId = conversationId;
  return labels;
}

let frameDecoders: Map<string, Decoder<ClientFrame>> | undefined;

function clientFrameDecoders(): Map<string, Decoder<ClientFrame>> {
  if (frameDecoders === undefined) {
    frameDecoders = new Map([
      ['authenticate', decoderOf<ClientFrame>(Authenticate)],
      ['ping', decoderOf<ClientFrame>(Ping)],
    ]);
    for (const verb of verbs) {
      if (calls[verb].frame) {
        frameDecoders.set(verb, decoderOf<ClientFrame>(operationFrameSchema(verb as FrameVerb)));
      }
    }
  }
  return frameDecoders;
}

/** Turns an object a client said into a frame, or throws `unknown_type` or `invalid`. */
export function decodeClientFrame(value: Record<string, unknown>): ClientFrame {
  const type = value['type'];
  if (typeof type !== 'string') throw new ConfabError('invalid', 'Field type must be string.');
  const decoder = clientFrameDecoders().get(type);
  if (decoder === undefined)
    throw new ConfabError('unknown_type', `No frame of type ${type.slice(0, 40)} exists.`);
  return decoder.decode(value);
}
