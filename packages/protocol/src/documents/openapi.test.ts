import { describe, expect, test } from 'bun:test';
import { decoderOf } from '../codec.ts';
import {
  accessErrors,
  commonErrors,
  errorTable,
  type HttpVerb,
  operations,
  type Operation,
  verbs,
} from '../index.ts';
import { examples } from './examples.ts';
import { openApiDocument } from './index.ts';
import { referencesOf, type Schema, schemaFaults, valueFault } from './tests/document-checks.ts';

interface OpenApi {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, PathOperation>>;
  components: {
    schemas: Record<string, Schema>;
    securitySchemes: Record<string, object>;
    examples: Record<string, { value: object }>;
  };
}

interface PathOperation {
  operationId: string;
  summary: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required: boolean; schema: Schema; example?: unknown }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema; example?: unknown }> };
  responses: Record<
    string,
    {
      description: string;
      content?: Record<string, { schema: Schema; example?: unknown; examples?: object }>;
    }
  >;
}

const document = openApiDocument({
  version: '1.2.3',
  actAsVerbs: new Set<HttpVerb>(['get_conversation']),
}) as unknown as OpenApi;
const all = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  test('is one of version 3.1, plain JSON', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Confab', version: '1.2.3' } });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('has each verb of the table that has a route, under its method and path', () => {
    for (const verb of verbs) {
      const { http }: Operation = operations[verb];
      if (http === null) continue;
      expect(document.paths[http.path]?.[http.method.toLowerCase()]?.operationId).toBe(verb);
    }
  });

  test('refers to nothing that is not there', () => {
    const references = referencesOf(document);
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references)
      expect([reference, resolve(reference)]).not.toEqual([reference, undefined]);
    const unused = Object.keys(document.components.schemas).filter(
      (name) => !references.includes(`#/components/schemas/${name}`),
    );
    expect(unused).toEqual([]);
  });

  test('is made of schemas of JSON Schema 2020-12', () => {
    const faults = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      schemaFaults(schema, '2020-12', name),
    );
    for (const { operation } of all) {
      for (const { schema, name } of operation.parameters ?? [])
        faults.push(...schemaFaults(schema, '2020-12', name));
      for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
        faults.push(...schemaFaults(schema, '2020-12', operation.operationId));
      for (const { content } of Object.values(operation.responses)) {
        for (const { schema } of Object.values(content ?? {}))
          faults.push(...schemaFaults(schema, '2020-12', operation.operationId));
      }
    }
    expect(faults).toEqual([]);
  });

  test('gives each operation a name of its own, its path fields, and answers', () => {
    const names = all.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of all) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
      expect(Object.keys(operation.responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      expect(operation.summary).not.toBe('');
      const schemes = operation.security.flatMap((requirement) => Object.keys(requirement));
      for (const scheme of schemes) expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  test('names every error an operation may answer with, under its status', () => {
    for (const verb of verbs) {
      const { http, errors, access }: Operation = operations[verb];
      if (http === null) continue;
      const responses = document.paths[http.path]?.[http.method.toLowerCase()]?.responses ?? {};
      for (const code of [...errors, ...commonErrors, ...accessErrors[access]]) {
        const examplesOf =
          responses[errorTable[code].status]?.content?.['application/problem+json']?.examples;
        expect([verb, Object.keys(examplesOf ?? {})]).toEqual([verb, expect.arrayContaining([code])]);
      }
    }
  });

  test('has examples that its own schemas take', () => {
    for (const { operation } of all) {
      for (const { schema, example, name } of operation.parameters ?? []) {
        if (example !== undefined)
          expect([name, valueFault(schema, document.components, example)]).toEqual([name, null]);
      }
      for (const { schema, example } of Object.values(operation.requestBody?.content ?? {})) {
        if (example !== undefined) expect(valueFault(schema, document.components, example)).toBeNull();
      }
      for (const { content } of Object.values(operation.responses)) {
        for (const { schema, example } of Object.values(content ?? {})) {
          if (example !== undefined)
            expect([operation.operationId, valueFault(schema, document.components, example)]).toEqual([
              operation.operationId,
              null,
            ]);
        }
      }
    }
    const problem = document.components.schemas['Problem'] as Schema;
    expect(valueFault(problem, document.components, { code: 'nonsense' })).not.toBeNull();
    for (const { value } of Object.values(document.components.examples)) {
      expect(valueFault(problem, document.components, value)).toBeNull();
    }
  });

  test('has examples of requests that the operations take', () => {
    for (const [verb, { request }] of Object.entries(examples)) {
      expect(decoderOf(operations[verb as HttpVerb].request).decode(request)).toEqual(request);
    }
  });
});

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], document);
}
