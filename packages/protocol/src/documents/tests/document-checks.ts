import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Dialect, Json } from '../schema-components.ts';

/** A schema as it stands in a document. */
export type Schema = Json;

const KEYWORDS: ReadonlySet<string> = new Set([
  '$ref',
  'additionalProperties',
  'allOf',
  'anyOf',
  'const',
  'description',
  'enum',
  'items',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'pattern',
  'properties',
  'required',
  'type',
  'uniqueItems',
]);
const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/** What is wrong with a schema by the rules of its dialect; a meta-schema of the keywords that are used here. */
export function schemaFaults(schema: Schema, dialect: Dialect, place: string): string[] {
  const faults: string[] = [];
  const complain = (what: string): void => void faults.push(`${place}: ${what}`);
  for (const [keyword, value] of Object.entries(schema)) {
    const isKnown =
      KEYWORDS.has(keyword) || keyword === (dialect === '2020-12' ? 'prefixItems' : 'additionalItems');
    if (!isKnown) complain(`${keyword} is no keyword of ${dialect}`);
    if (!isWellFormed(keyword, value, dialect)) complain(`${keyword} is ${JSON.stringify(value)}`);
  }
  const { required = [], properties = {} } = schema as { required?: readonly string[]; properties?: Json };
  for (const field of required)
    if (!Object.hasOwn(properties, field)) complain(`${field} is required and not described`);
  for (const [field, inner] of Object.entries(properties))
    faults.push(...schemaFaults(inner as Schema, dialect, `${place}.${field}`));
  for (const inner of innerSchemas(schema)) faults.push(...schemaFaults(inner, dialect, `${place}[]`));
  return faults;
}

function isWellFormed(keyword: string, value: unknown, dialect: Dialect): boolean {
  switch (keyword) {
    case 'type':
      return TYPES.includes(String(value));
    case 'pattern':
      return isPattern(value);
    case 'items':
      return !Array.isArray(value) || dialect === 'draft-07';
    case 'anyOf':
    case 'allOf':
    case 'prefixItems':
    case 'enum':
      return Array.isArray(value) && value.length > 0;
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
      return Number.isInteger(value) && Number(value) >= 0;
    default:
      return value !== undefined;
  }
}

function isPattern(value: unknown): boolean {
  try {
    return new RegExp(String(value), 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function innerSchemas(schema: Schema): readonly Schema[] {
  const {
    anyOf = [],
    allOf = [],
    prefixItems = [],
    items,
    additionalProperties,
  } = schema as Record<string, Schema[]>;
  const inner: unknown[] = [
    ...anyOf,
    ...allOf,
    ...prefixItems,
    ...[items ?? []].flat(),
    additionalProperties,
  ];
  return inner.filter((one): one is Schema => typeof one === 'object' && one !== null);
}

/** All references of a document. */
export function referencesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as { $ref?: unknown };
  const own = typeof $ref === 'string' ? [$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesOf)];
}

/** Why a schema of a document does not take a value, or null where it does. */
export function valueFault(schema: Schema, components: object, value: unknown): string | null {
  // The references look for the components at the root.
  const root = { type: 'object', required: ['value'], properties: { value: schema }, components };
  const validator = Compile(root as unknown as TSchema);
  if (validator.Check({ value })) return null;
  return JSON.stringify(validator.Errors({ value }));
}
