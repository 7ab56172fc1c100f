import type { ErrorCode } from '../errors.ts';
import { Authenticate, operationFrameSchema, Ping, serverFrames } from '../frames.ts';
import { limits } from '../limits.ts';
import { type FrameVerb, verbs } from '../calls.ts';
import { operations } from '../operations.ts';
import { problemResponses } from './problem.ts';
import type { Json, SchemaComponents } from './schema-components.ts';

/** The paths of the HTTP door that are no operations: streams, health, metrics and the documents themselves. */
export function openApiSystemPaths(components: SchemaComponents): Record<string, Json> {
  return {
    '/v1/stream': { post: streamPath(components) },
    '/v1/frames': { post: framesPath(components) },
    '/healthz': { get: healthPath() },
    '/readyz': { get: readyPath() },
    '/metrics': { get: metricsPath(components) },
    '/openapi.json': { get: documentPath('openapi', 'This document.') },
    '/asyncapi.json': { get: documentPath('asyncapi', 'The AsyncAPI 3.0 document of the socket.') },
  };
}

/** The schema of anything a client may say on a connection. */
function clientFrameSchema(components: SchemaComponents): Json {
  const frames = verbs.filter((verb) => operations[verb].frame);
  return {
    anyOf: [
      components.use(Authenticate),
      components.use(Ping),
      ...frames.map((verb) => components.useAs(verb, operationFrameSchema(verb as FrameVerb))),
    ],
  };
}

/** The schema of anything a server may say on a connection. */
function serverFrameSchema(components: SchemaComponents): Json {
  return {
    anyOf: Object.entries(serverFrames).map(([type, schema]) => serverFrame(components, type, schema)),
  };
}

/** Log events have names of their own, the same as in the answers of operations. */
export function serverFrame(components: SchemaComponents, type: string, schema: object): Json {
  return '$id' in schema ? components.use(schema) : components.useAs(type, schema);
}

const streamErrors = [
  'malformed',
  'invalid',
  'unknown_type',
  'too_large',
  'unsupported_media_type',
  'not_acceptable',
  'unauthenticated',
  'token_expired',
  'session_ended',
  'too_many_devices',
  'origin_not_allowed',
  'rate_limited',
  'unavailable',
  'draining',
  'internal',
] as const satisfies readonly ErrorCode[];

const connectionId = { type: 'string' };

/** The header by which a client of an embedding product names its device. */
export const deviceHeader = {
  name: 'Confab-Device',
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  description: 'For tokens of an embedding product: the device that asks, by a name of its own choice.',
};

function streamPath(components: SchemaComponents): Json {
  return {
    operationId: 'open_stream',
    summary: 'Open a connection where WebSockets are blocked',
    description: 'Answered as server-sent events whose data are the frames a socket would have got.',
    tags: ['streams'],
    security: [],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: components.use(Authenticate) } },
    },
    responses: {
      200: {
        description: 'The frames of the server, one each event, until one side ends it.',
        headers: {
          'Confab-Connection': { schema: connectionId, description: 'Names the connection in post_frames.' },
        },
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      ...problemResponses(streamErrors, components),
    },
  };
}

function framesPath(components: SchemaComponents): Json {
  return {
    operationId: 'post_frames',
    summary: 'Say frames, in order; what a client with a stream does',
    tags: ['streams'],
    description: 'A frame that is refused has its error in its place; the others are done all the same.',
    security: [{ accessToken: [] }],
    parameters: [
      {
        name: 'Confab-Connection',
        in: 'header',
        required: false,
        schema: connectionId,
        description: 'The stream they belong to. It may be on another node, or gone.',
      },
      deviceHeader,
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { type: 'array', items: clientFrameSchema(components), maxItems: limits.framesPerPostMax },
        },
      },
    },
    responses: {
      200: jsonResponse('An answer to each frame, in their order.', {
        type: 'object',
        required: ['frames'],
        properties: { frames: { type: 'array', items: serverFrameSchema(components) } },
      }),
      ...problemResponses(streamErrors, components),
    },
  };
}

function healthPath(): Json {
  return {
    operationId: 'get_health',
    summary: 'Whether the process is alive',
    tags: ['operations'],
    security: [],
    responses: {
      200: jsonResponse('It is.', {
        type: 'object',
        properties: { status: { const: 'ok' } },
        required: ['status'],
      }),
    },
  };
}

function readyPath(): Json {
  const check = { enum: ['ok', 'failed'] };
  const schema = {
    type: 'object',
    required: ['ready', 'checks'],
    properties: {
      ready: { type: 'boolean' },
      checks: { type: 'object', additionalProperties: check, description: 'What was looked at.' },
    },
  };
  return {
    operationId: 'get_readiness',
    summary: 'Whether this node takes traffic: the store reads and writes, and the node is not draining',
    tags: ['operations'],
    security: [],
    responses: { 200: jsonResponse('It does.', schema), 503: jsonResponse('Not now.', schema) },
  };
}

function metricsPath(components: SchemaComponents): Json {
  return {
    operationId: 'get_metrics',
    summary: 'Metrics in the text format of Prometheus',
    description:
      'With CONFAB_METRICS_TOKEN that token is asked for; without it, only this machine itself is answered, and only directly.',
    tags: ['operations'],
    security: [{ metricsToken: [] }, {}],
    responses: {
      200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
      ...problemResponses(['unauthenticated', 'internal'], components),
    },
  };
}

function documentPath(name: string, description: string): Json {
  return {
    operationId: `get_${name}`,
    summary: description,
    tags: ['operations'],
    security: [],
    responses: { 200: jsonResponse('The document.', { type: 'object' }) },
  };
}

function jsonResponse(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } };
}
