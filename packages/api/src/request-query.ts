import { ConfabError, type ObjectSchema } from '@confab/protocol';

/** How the text of a query parameter becomes the value its schema speaks of. */
type FieldKind = 'text' | 'integer' | 'integer_or_text';

/** What a query may name: field -> kind. */
export type QueryFields = ReadonlyMap<string, FieldKind>;

interface SchemaShape {
  readonly type?: string;
  readonly anyOf?: readonly SchemaShape[];
}

/** The kinds of some fields of a request, from its schema. A kind that no query can say is a fault of the table. */
export function queryFieldsOf(request: ObjectSchema, fields: readonly string[]): QueryFields {
  return new Map(
    fields.map((field) => [field, kindOf(field, (request.properties[field] ?? {}) as SchemaShape)]),
  );
}

function kindOf(field: string, schema: SchemaShape): FieldKind {
  const types = new Set((schema.anyOf ?? [schema]).map(({ type }) => type));
  if (types.size === 1 && types.has('string')) return 'text';
  if (types.size === 1 && types.has('integer')) return 'integer';
  if (types.size === 2 && types.has('integer') && types.has('string')) return 'integer_or_text';
  throw new Error(`The field ${field} cannot stand in a query.`);
}

/**
 * Reads the known parameters of a query into `into`; others are ignored, as unknown fields are everywhere. A parameter
 * that comes twice is refused, because two readers could choose differently. Numbers that are none stay text, so that
 * the schema names the fault.
 */
export function readQuery(query: string, fields: QueryFields, into: Record<string, unknown>): void {
  if (query === '') return;
  for (const pair of query.split('&')) {
    const equalsAt = pair.indexOf('=');
    const name = decodePart(equalsAt < 0 ? pair : pair.slice(0, equalsAt));
    const kind = fields.get(name);
    if (kind === undefined) continue;
    if (into[name] !== undefined) throw new ConfabError('invalid', `Parameter ${name} comes twice.`);
    into[name] = valueOf(kind, equalsAt < 0 ? '' : decodePart(pair.slice(equalsAt + 1)));
  }
}

function valueOf(kind: FieldKind, text: string): string | number {
  switch (kind) {
    case 'text':
      return text;
    case 'integer':
    case 'integer_or_text':
      return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
  }
}

function decodePart(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw new ConfabError('malformed', 'The query is not UTF-8 in percent-encoding.');
  }
}
