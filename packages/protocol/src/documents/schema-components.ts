/** A JSON Schema, or any part of a document, as it will be printed. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Which JSON Schema the document is written in: OpenAPI 3.1 has 2020-12, AsyncAPI 3.0 a superset of draft 7. They
 * differ here in tuples alone.
 */
export type Dialect = '2020-12' | 'draft-07';

/**
 * Collects the named schemas of a document: a schema with an `$id` is written once, under `components/schemas`, and
 * referred to from everywhere else.
 */
export class SchemaComponents {
  readonly #dialect: Dialect;
  readonly #named = new Map<string, Json>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** The schema as it stands in the place that uses it: a reference where it has a name, else itself. */
  use(schema: object): Json {
    const name = (schema as Json)['$id'];
    return typeof name === 'string' ? this.useAs(name, schema) : this.#print(schema as Json);
  }

  /** Writes a schema under a name of the document's own and refers to it. */
  useAs(name: string, schema: object): Json {
    if (!this.#named.has(name)) {
      // The place is taken first, so that a schema within itself would refer to itself.
      this.#named.set(name, {});
      this.#named.set(name, this.#print(schema as Json));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** All named schemas so far, in the order of their names. */
  all(): Json {
    return Object.fromEntries([...this.#named].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  #print(schema: Json): Json {
    const printed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(schema)) {
      if (key === '$id') continue;
      if (key === 'pattern') Object.assign(printed, portablePattern(String(value)));
      else if (key === 'properties') printed[key] = this.#printEach(value as Json);
      else if (Array.isArray(value) && isTuple(key, value)) Object.assign(printed, this.#printTuple(value));
      else if (!(key === 'additionalItems' && this.#dialect === '2020-12'))
        printed[key] = this.#printValue(value);
    }
    return printed;
  }

  #printEach(schemas: Json): Json {
    return Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, this.use(schema as object)]),
    );
  }

  #printTuple(items: readonly object[]): Json {
    const printed = items.map((item) => this.use(item));
    return this.#dialect === '2020-12' ? { prefixItems: printed, items: false } : { items: printed };
  }

  #printValue(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#printValue(item));
    return typeof value === 'object' && value !== null ? this.use(value) : value;
  }
}

/**
 * Patterns are printed in what every language's engine knows, as JSON Schema asks for. What others cannot say is left
 * out: classes of Unicode, which the description tells, and lone surrogates, which no other language can even write.
 */
function portablePattern(pattern: string): Json {
  return pattern.includes('\\p{') ? {} : { pattern: pattern.replace('\\ud800-\\udfff', '') };
}

function isTuple(key: string, value: readonly unknown[]): value is readonly object[] {
  return key === 'items' && value.every((item) => typeof item === 'object');
}
