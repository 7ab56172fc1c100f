import { type ErrorCode } from '../errors.ts';
import type { ObjectSchema } from '../fields.ts';
import { type HttpRoute, type HttpVerb, verbs } from '../calls.ts';
import { accessErrors, commonErrors, operations, type Operation } from '../operations.ts';
import { examples } from './examples.ts';
import { deviceHeader, openApiSystemPaths } from './openapi-system.ts';
import { problemExamples, problemResponses } from './problem.ts';
import { type Json, SchemaComponents } from './schema-components.ts';

/** What the document says beside the table of operations. */
export interface OpenApiOptions {
  /** The product's version. */
  readonly version: string;
  /** The verbs that a server with the API key may do as one of its users. */
  readonly actAsVerbs: ReadonlySet<HttpVerb>;
}

const description = `The HTTP door of Confab. What it can do, sockets (see /asyncapi.json) can do too; both are one table.

Every error is application/problem+json with a \`code\`, and a \`retry\` that says what to do next: \`never\`, \`later\`
(after \`afterMs\`, else with back-off), \`after_auth\` (with a new token), \`after_resume\` (on a new connection).
Fields that are not described are ignored. A \`clientMessageId\` makes a request safe to repeat.`;

const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The access token of a session, or a signed token of an embedding product.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'The API key of the embedding product (CONFAB_API_KEY).',
  },
  metricsToken: { type: 'http', scheme: 'bearer', description: 'CONFAB_METRICS_TOKEN, where it is set.' },
};

const actAsHeader = {
  name: 'Confab-Act-As',
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  description: 'With the API key: the user who does it.',
};

/** The OpenAPI 3.1 document of the HTTP door. */
export function openApiDocument({ version, actAsVerbs }: OpenApiOptions): Json {
  const components = new SchemaComponents('2020-12');
  const paths: Record<string, Json> = {};
  for (const verb of verbs) {
    const operation: Operation = operations[verb];
    if (operation.http === null) continue;
    const { method, path } = operation.http;
    const door = new OperationPrinter(components, verb as HttpVerb, actAsVerbs.has(verb as HttpVerb));
    paths[path] = { ...paths[path], [method.toLowerCase()]: door.print(operation, operation.http) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Confab',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
    paths: { ...paths, ...openApiSystemPaths(components) },
    components: { schemas: components.all(), examples: problemExamples(), securitySchemes },
  };
}

const tags = [
  { name: 'accounts', description: 'Accounts, sessions and devices.' },
  { name: 'users', description: 'Other people.' },
  { name: 'conversations', description: 'Conversations, their members, messages and receipts.' },
  { name: 'streams', description: 'Connections for where WebSockets are blocked.' },
  { name: 'operations', description: 'For whoever runs the server.' },
];

/** Errors that belong to HTTP and not to the operation. */
function httpErrors(method: HttpRoute['method']): readonly ErrorCode[] {
  switch (method) {
    case 'GET':
      return [];
    case 'DELETE':
      return ['origin_not_allowed'];
    case 'POST':
    case 'PUT':
    case 'PATCH':
      return ['origin_not_allowed', 'unsupported_media_type'];
  }
}

/** Prints one operation. */
class OperationPrinter {
  readonly #components: SchemaComponents;
  readonly #verb: HttpVerb;
  readonly #mayActAs: boolean;

  constructor(components: SchemaComponents, verb: HttpVerb, mayActAs: boolean) {
    this.#components = components;
    this.#verb = verb;
    this.#mayActAs = mayActAs;
  }

  print(operation: Operation, route: HttpRoute): Json {
    const inPath = pathFields(route.path);
    const others = Object.keys(operation.request.properties).filter((field) => !inPath.includes(field));
    const isQuery = route.method === 'GET' || route.method === 'DELETE';
    const codes = new Set([
      ...operation.errors,
      ...accessErrors[operation.access],
      ...commonErrors,
      ...httpErrors(route.method),
    ]);
    return {
      operationId: this.#verb,
      summary: operation.summary,
      tags: [tagOf(route.path)],
      security: this.#security(operation),
      parameters: [
        ...inPath.map((field) => this.#parameter(operation.request, field, 'path')),
        ...(isQuery ? others.map((field) => this.#parameter(operation.request, field, 'query')) : []),
        ...(operation.access === 'user' || operation.access === 'member' ? [deviceHeader] : []),
        ...(this.#mayActAs ? [actAsHeader] : []),
      ],
      ...(isQuery ? {} : { requestBody: this.#body(operation.request, route, others) }),
      responses: { ...this.#answers(operation, route), ...problemResponses(codes, this.#components) },
    };
  }

  #security({ access }: Operation): readonly Json[] {
    switch (access) {
      case 'anyone':
        return [];
      case 'server':
        return [{ apiKey: [] }];
      case 'user':
      case 'member':
        return this.#mayActAs ? [{ accessToken: [] }, { apiKey: [] }] : [{ accessToken: [] }];
    }
  }

  #parameter(request: ObjectSchema, field: string, place: 'path' | 'query'): Json {
    return {
      name: field,
      in: place,
      required: place === 'path' || requiredFields(request).includes(field),
      schema: this.#components.use(request.properties[field] ?? {}),
      ...exampleOf((examples[this.#verb].request as Json)[field]),
    };
  }

  #body(request: ObjectSchema, route: HttpRoute, fields: readonly string[]): Json {
    const example = examples[this.#verb].request as Json;
    const names = new Map(Object.entries(route.bodyNames ?? {}).map(([name, field]) => [field, name]));
    const nameOf = (field: string): string => names.get(field) ?? field;
    const required = requiredFields(request).filter((field) => fields.includes(field));
    const schema = {
      type: 'object',
      required: required.map(nameOf),
      properties: Object.fromEntries(
        fields.map((field) => [nameOf(field), this.#components.use(request.properties[field] ?? {})]),
      ),
    };
    const shown = fields.filter((field) => example[field] !== undefined);
    return {
      required: true,
      content: {
        'application/json': {
          schema,
          example: Object.fromEntries(shown.map((field) => [nameOf(field), example[field]])),
        },
      },
    };
  }

  #answers({ answer }: Operation, { status, existing }: HttpRoute): Json {
    if (answer === null) return { [status]: { description: 'Done.' } };
    const content = {
      'application/json': { schema: this.#components.use(answer), example: examples[this.#verb].answer },
    };
    return {
      [status]: { description: status === 201 ? 'Created.' : 'The answer.', content },
      ...(existing === undefined
        ? {}
        : { [existing]: { description: 'An earlier request had done it; this is its answer.', content } }),
    };
  }
}

function exampleOf(value: unknown): Json {
  return value === undefined ? {} : { example: value };
}

/** The fields of the request that stand in a path, in their order. */
function pathFields(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, field = '']) => field);
}

function requiredFields(schema: ObjectSchema): readonly string[] {
  return ((schema as unknown as Json)['required'] as readonly string[] | undefined) ?? [];
}

function tagOf(path: string): string {
  if (/^\/v1\/(accounts|sessions|devices)/.test(path)) return 'accounts';
  return path.startsWith('/v1/users') ? 'users' : 'conversations';
}
