import {
  type Decoder,
  decoderOf,
  type HttpRoute,
  type HttpVerb,
  type ObjectSchema,
  operations,
  type Operation,
  type RequestOf,
  verbs,
} from '@confab/protocol';
import { readObject } from './request-body.ts';
import { queryFieldsOf, type QueryFields, readQuery } from './request-query.ts';
import { type PathField, pathFieldsOf, type Target } from './router.ts';

/** A verb as HTTP has it, prepared once. */
export interface OperationRoute {
  readonly verb: HttpVerb;
  readonly operation: Operation;
  readonly http: HttpRoute;
  /** Puts path, query and body together, or throws `malformed`, `invalid`, `too_large` or `unsupported_media_type`. */
  read(request: Request, target: Target): Promise<RequestOf<HttpVerb>>;
}

/** All verbs that have a route. */
export function operationRoutes(): readonly OperationRoute[] {
  return verbs.flatMap((verb) => {
    const operation: Operation = operations[verb];
    return operation.http === null ? [] : [routeOf(verb as HttpVerb, operation, operation.http)];
  });
}

function routeOf(verb: HttpVerb, operation: Operation, http: HttpRoute): OperationRoute {
  const inPath = pathFieldsOf(http.path);
  const others = Object.keys(operation.request.properties).filter(
    (name) => !inPath.some(({ field }) => field === name),
  );
  const takesBody = http.method !== 'GET' && http.method !== 'DELETE';
  const read = takesBody
    ? bodyReader(operation, http, inPath, others)
    : queryReader(operation, inPath, others);
  return { verb, operation, http, read };
}

/** Compiled at the first request: nobody waits at start for verbs that are not asked for. */
function lazyDecoder(schema: ObjectSchema): () => Decoder<RequestOf<HttpVerb>> {
  let decoder: Decoder<RequestOf<HttpVerb>> | undefined;
  return () => (decoder ??= decoderOf(schema));
}

function queryReader(
  { request: schema }: Operation,
  inPath: readonly PathField[],
  others: readonly string[],
): OperationRoute['read'] {
  const decoder = lazyDecoder(schema);
  const fields: QueryFields = queryFieldsOf(schema, others);
  return async (_request, target) => {
    const values: Record<string, unknown> = {};
    readQuery(target.query, fields, values);
    takePathFields(inPath, target, values);
    return decoder().decode(values);
  };
}

function bodyReader(
  { request: schema }: Operation,
  { bodyNames = {} }: HttpRoute,
  inPath: readonly PathField[],
  others: readonly string[],
): OperationRoute['read'] {
  const names = new Map(Object.entries(bodyNames).map(([bodyName, field]) => [field, bodyName]));
  const decoder = lazyDecoder(
    names.size === 0 ? schema : renamed(schema, (field) => names.get(field) ?? field),
  );
  return async (request, target) => {
    const body = await readObject(request);
    const values: Record<string, unknown> = {};
    for (const field of others) {
      const name = names.get(field) ?? field;
      if (Object.hasOwn(body, name)) values[name] = body[name];
    }
    takePathFields(inPath, target, values);
    const decoded = decoder().decode(values);
    if (names.size === 0) return decoded;
    const entries = Object.entries(decoded).map(([name, value]) => [bodyNames[name] ?? name, value]);
    return Object.fromEntries(entries) as RequestOf<HttpVerb>;
  };
}

/** The schema under the names of the body, so that a refusal speaks of fields the asker knows. */
function renamed(schema: ObjectSchema, nameOf: (field: string) => string): ObjectSchema {
  const { required = [] } = schema as { required?: readonly string[] };
  const properties = Object.entries(schema.properties).map(([field, value]) => [nameOf(field), value]);
  return Object.assign({}, schema, {
    properties: Object.fromEntries(properties),
    required: required.map(nameOf),
  });
}

function takePathFields(inPath: readonly PathField[], target: Target, values: Record<string, unknown>): void {
  for (const { field, segment } of inPath) values[field] = target.segments[segment];
}
