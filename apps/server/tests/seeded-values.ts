import type { Json } from './test-server.ts';

/** Chance from a seed (mulberry32): a failure prints the seed, and the seed gives the same run again. */
export class SeededChance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  isOnce(inSo: number): boolean {
    return this.below(inSo) === 0;
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined && values.length === 0) throw new Error('there is nothing to choose from');
    return value as T;
  }

  text(alphabet: readonly string[], length: number): string {
    return Array.from({ length }, () => this.one(alphabet)).join('');
  }
}

type Schema = Json;

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'.split('');
const ODD = [
  '',
  ' ',
  '\0',
  '\u0007',
  '\n',
  '\t',
  '"',
  '\\',
  '/',
  '..',
  '%',
  '%00',
  '\u2028',
  '\ud800',
  '\udfff',
  '\u00e9',
  '\u{1f600}',
  '\u202e',
  "'--",
  '${x}',
  '<b>',
  'null',
];
const NOT_OF_ANY_SCHEMA: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  'x',
  [],
  {},
  [[]],
  [null],
  { type: 'x' },
];

/**
 * Values for schemas of a document: mostly good ones, some at the edge of their bounds, some beyond. `known` gives the
 * values that exist, by field name, so that requests reach what is behind the checks.
 */
export class SeededValues {
  readonly #chance: SeededChance;
  readonly #schemas: Readonly<Record<string, Schema>>;
  readonly #known: Readonly<Record<string, readonly unknown[]>>;

  constructor(
    chance: SeededChance,
    schemas: Readonly<Record<string, Schema>>,
    known: Readonly<Record<string, readonly unknown[]>>,
  ) {
    this.#chance = chance;
    this.#schemas = schemas;
    this.#known = known;
  }

  value(schema: Schema, field: string): unknown {
    const chance = this.#chance;
    if (chance.isOnce(25)) return this.#strange();
    const known = this.#known[field];
    return known !== undefined && !chance.isOnce(8) ? chance.one(known) : this.#fitting(schema, field);
  }

  #strange(): unknown {
    return this.#chance.isOnce(2)
      ? this.#chance.one(NOT_OF_ANY_SCHEMA)
      : this.#chance.text(ODD, this.#chance.below(6));
  }

  #fitting(schema: Schema, field: string): unknown {
    const {
      $ref,
      anyOf,
      enum: words,
      type,
    } = schema as { $ref?: string; anyOf?: Schema[]; enum?: unknown[]; type?: string };
    if ($ref !== undefined)
      return this.#fitting(this.#schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, field);
    if ('const' in schema) return schema['const'];
    if (words !== undefined) return this.#chance.one(words);
    if (anyOf !== undefined) return this.#fitting(this.#chance.one(anyOf), field);
    switch (type) {
      case 'string':
        return this.#text(schema);
      case 'integer':
        return this.#integer(schema);
      case 'boolean':
        return this.#chance.isOnce(2);
      case 'null':
        return null;
      case 'array':
        return this.#array(schema, field);
      case 'object':
        return this.object(schema);
      default:
        return this.#strange();
    }
  }

  object(schema: Schema): Record<string, unknown> {
    const { properties = {}, required = [] } = schema as {
      properties?: Record<string, Schema>;
      required?: string[];
    };
    const value: Record<string, unknown> = {};
    for (const [field, inner] of Object.entries(properties)) {
      const isGiven = required.includes(field) ? !this.#chance.isOnce(40) : this.#chance.isOnce(3);
      if (isGiven) value[field] = this.value(inner, field);
    }
    if (this.#chance.isOnce(20))
      value[this.#chance.one(['__proto__', 'constructor', 'toString', 'x'])] = this.#strange();
    return value;
  }

  #array(schema: Schema, field: string): unknown[] {
    const { prefixItems } = schema as { prefixItems?: Schema[] };
    if (prefixItems !== undefined) return prefixItems.map((item) => this.value(item, ''));
    const {
      items = {},
      minItems = 0,
      maxItems = 20,
    } = schema as { items?: Schema; minItems?: number; maxItems?: number };
    const length = this.#chance.isOnce(30) ? maxItems + 1 : minItems + this.#chance.below(3);
    // The items of `userIds` are known as `userId`.
    return Array.from({ length }, () => this.value(items, field.replace(/s$/, '')));
  }

  #integer({ minimum = 0, maximum = 1000 }: { minimum?: number; maximum?: number }): number {
    const edges = [minimum, maximum, minimum - 1, maximum + 1];
    return this.#chance.isOnce(4)
      ? this.#chance.one(edges)
      : minimum + this.#chance.below(Math.min(maximum - minimum, 60) + 1);
  }

  #text(schema: { minLength?: number; maxLength?: number; pattern?: string }): string {
    const { minLength = 1, maxLength = 64, pattern = '' } = schema;
    const edges = [minLength, maxLength, maxLength + 1, Math.max(0, minLength - 1)];
    const length = this.#chance.isOnce(10)
      ? this.#chance.one(edges)
      : minLength + this.#chance.below(Math.min(maxLength, 40));
    const isClosed = pattern.includes('A-Z');
    // An id of an event: its conversation, a sequence and chance.
    if (pattern.includes('0-9a-z]{1,11}'))
      return `${this.#plain(22)}.${this.#chance.below(999)}.${this.#plain(8)}`;
    const wide = pattern.includes('{22,64}') ? Math.max(22, length) : length;
    return isClosed || this.#chance.isOnce(2)
      ? this.#plain(wide)
      : this.#chance.text([...URL_SAFE, ...ODD], wide);
  }

  #plain(length: number): string {
    return this.#chance.text(URL_SAFE, Math.min(length, 70_000));
  }
}
