import { describe, expect, test } from 'bun:test';
import { operations, serverFrames, verbs } from '../index.ts';
import { referencesOf, type Schema, schemaFaults } from './tests/document-checks.ts';
import { asyncApiDocument } from './index.ts';

interface AsyncApi {
  channels: { socket: { address: string; messages: Record<string, object> } };
  operations: Record<string, { action: string; channel: object; messages: { $ref: string }[] }>;
  components: {
    messages: Record<string, { name: string; payload: object }>;
    schemas: Record<string, Schema>;
  };
}

const document = asyncApiDocument({ version: '1.2.3' }) as unknown as AsyncApi;
const clientFrames = ['authenticate', 'ping', ...verbs.filter((verb) => operations[verb].frame)];

describe('the AsyncAPI document', () => {
  test('is one of version 3.0, plain JSON', () => {
    expect(document).toMatchObject({ asyncapi: '3.0.0', info: { title: 'Confab', version: '1.2.3' } });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.channels.socket.address).toBe('/v1/ws');
  });

  test('has every frame of both sides, and each is received or sent', () => {
    const frames = [...clientFrames, ...Object.keys(serverFrames)];
    expect(Object.keys(document.channels.socket.messages).toSorted()).toEqual(frames.toSorted());
    const received = Object.values(document.operations).filter(({ action }) => action === 'receive');
    expect(received.flatMap(namesOf).toSorted()).toEqual(clientFrames.toSorted());
    const sent = Object.values(document.operations).filter(({ action }) => action === 'send');
    expect(sent.flatMap(namesOf).toSorted()).toEqual(Object.keys(serverFrames).toSorted());
  });

  test('refers to nothing that is not there', () => {
    for (const reference of referencesOf(document)) {
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], document);
      expect([reference, target]).not.toEqual([reference, undefined]);
    }
  });

  test('is made of schemas of draft 7', () => {
    const faults = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      schemaFaults(schema, 'draft-07', name),
    );
    expect(faults).toEqual([]);
  });
});

function namesOf({ messages }: { messages: { $ref: string }[] }): readonly string[] {
  return messages.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
}
