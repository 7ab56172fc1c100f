import Type from 'typebox';
import { type ErrorCode, errorCodes, errorTable } from '../errors.ts';
import { AfterMsField, RetryField, UserIdField } from '../fields.ts';
import type { Json, SchemaComponents } from './schema-components.ts';

/** An error over HTTP: RFC 9457 with the fields of the error table. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:confab:problem: and the code.' }),
    title: Type.String({ description: 'What the code means.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String({ description: 'What is wrong with this request.' })),
    code: Type.Enum([...errorCodes]),
    retry: RetryField,
    afterMs: Type.Optional(AfterMsField),
    userIds: Type.Optional(Type.Array(UserIdField)),
  },
  { $id: 'Problem', description: 'Why a request was refused, and what to do next (RFC 9457).' },
);

/** The `type` of a problem. It is a name and nothing to be fetched. */
export function problemType(code: ErrorCode): string {
  return `urn:confab:problem:${code}`;
}

/** The responses of an operation that may fail in these ways, by status. */
export function problemResponses(codes: Iterable<ErrorCode>, components: SchemaComponents): Json {
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of codes) {
    const { status } = errorTable[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const responses = [...byStatus].map(([status, some]) => [
    String(status),
    problemResponse(status, some, components),
  ]);
  return Object.fromEntries(responses);
}

function problemResponse(status: number, codes: ReadonlySet<ErrorCode>, components: SchemaComponents): Json {
  const rows = [...codes].map((code) => `\`${code}\`: ${errorTable[code].meaning}`);
  const examples = [...codes].map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  return {
    description: rows.join('\n\n'),
    headers: headersOf(status, codes),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            components.use(Problem),
            { properties: { code: { enum: [...codes] }, status: { const: status } } },
          ],
        },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function headersOf(status: number, codes: ReadonlySet<ErrorCode>): Json {
  const mayWait = [...codes].some((code) => errorTable[code].retry === 'later');
  return {
    ...(mayWait
      ? { 'Retry-After': { schema: { type: 'integer', minimum: 0 }, description: 'Seconds.' } }
      : {}),
    ...(status === 401 ? { 'WWW-Authenticate': { schema: { type: 'string' } } } : {}),
  };
}

/** One example of each code, for `components/examples`. */
export function problemExamples(): Json {
  return Object.fromEntries(errorCodes.map((code) => [code, { value: exampleProblem(code) }]));
}

function exampleProblem(code: ErrorCode): Json {
  const { status, retry, meaning } = errorTable[code];
  return {
    type: problemType(code),
    title: meaning,
    status,
    code,
    retry,
    ...(code === 'rate_limited' ? { afterMs: 1500 } : {}),
    ...(code === 'unknown_members' ? { userIds: ['uNobody0000000000000000'] } : {}),
  };
}
