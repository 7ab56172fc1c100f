import { describe, expect, test } from 'bun:test';
import { decoderOf, type ObjectSchema } from '@confab/protocol';
import { SeededChance, SeededValues } from './seeded-values.ts';
import {
  logIn,
  type Answer,
  type Json,
  newGroup,
  newId,
  PASSWORD,
  say,
  type SignedIn,
  startTestServer,
  type TestServer,
} from './test-server.ts';

/**
 * Thousands of requests made from /openapi.json alone, good and bad, against a real server: each answer must be one
 * that the document describes. FUZZ_SEED and FUZZ_REQUESTS repeat a run or lengthen it.
 */
const SEEDS =
  process.env['FUZZ_SEED'] === undefined
    ? [1, 2, Date.now() % 1_000_000]
    : [Number(process.env['FUZZ_SEED'])];
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 1_000);

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Json;
}

interface PathOperation {
  readonly operationId: string;
  readonly security: readonly Record<string, unknown>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Json }> }>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, PathOperation>>;
  readonly components: { readonly schemas: Record<string, Json> };
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: PathOperation;
}

/** These hash passwords, which takes its time, or end what the others need. */
const SELDOM: Readonly<Record<string, number>> = {
  create_account: 6,
  create_session: 6,
  delete_session: 40,
  delete_device: 4,
};
/** Members leave, roles go, ids are used up: new conversations come as often. */
const RENEW_EVERY = 150;
/** An endless stream, and another format: their own tests know what they answer. */
const NOT_HERE = new Set(['open_stream', 'get_metrics']);
const API_KEY = 'k'.repeat(40);

describe('the HTTP door answers as /openapi.json says', () => {
  const neverDone: (readonly string[])[] = [];
  for (const seed of SEEDS) {
    const title = `whatever it is asked (seed ${seed}; FUZZ_SEED=${seed} repeats it)`;
    test(title, async () => void neverDone.push(await fuzz(seed)), 60_000);
  }

  test('and each operation was done at least once, so that not only closed doors were knocked at', () => {
    const [first = [], ...others] = neverDone;
    expect(first.filter((name) => others.every((names) => names.includes(name)))).toEqual([]);
  });
});

/** Gives the operations that never came through. */
async function fuzz(seed: number): Promise<readonly string[]> {
  await using server = await startTestServer({ CONFAB_RATE_LIMITS: 'off', CONFAB_API_KEY: API_KEY });
  const document = (await server.ask('GET', '/openapi.json')).body as unknown as OpenApi;
  const world = await populate(server);
  const chance = new SeededChance(seed);
  const run = new FuzzRun(server, document, chance, world);
  for (let count = 0; count < REQUESTS; count += 1) {
    if (count % RENEW_EVERY === 0) await renew(server, world);
    await run.step();
  }
  return run.neverDone();
}

interface World {
  readonly users: SignedIn[];
  readonly known: Record<string, unknown[]>;
}

async function populate(server: TestServer): Promise<World> {
  const users = [await server.signUp(), await server.signUp(), await server.signUp()];
  const known: Record<string, unknown[]> = {
    password: [PASSWORD, 'another password'],
    // A poll that waits is another test's matter.
    waitMs: [0],
  };
  return { users, known };
}

/** New conversations with a message each, and new ids for requests. */
async function renew(server: TestServer, { users, known }: World): Promise<void> {
  const ids: string[] = [];
  const places: string[] = [];
  const [first, second] = users;
  for (const owner of [first, second]) {
    if (owner === undefined) continue;
    const fresh = await logIn(server.url, owner.username, owner.deviceId).catch(() => server.signUp());
    users[users.indexOf(owner)] = fresh;
    const members = users.filter((user) => user !== fresh && user !== users[2]);
    const id = await newGroup(server, fresh, members);
    ids.push(id);
    places.push((await say(server, fresh, id, 'hello')).messageId);
  }
  const userIds = users.map(({ userId }) => userId);
  known['userId'] = [...userIds, 'uNone'];
  known['memberId'] = userIds;
  known['mention'] = userIds;
  known['Confab-Act-As'] = userIds;
  known['username'] = users.map(({ username }) => username);
  known['deviceId'] = ['phone', ...users.map(({ deviceId }) => deviceId)];
  known['refreshToken'] = users.map(({ refreshToken }) => refreshToken);
  known['conversationId'] = [...ids, 'gNone'];
  known['messageId'] = [...places, 'gNone.1.aaaaaaaa'];
  known['replyTo'] = places;
  known['after'] = [...places, 0, 1, 2];
  known['before'] = [...places, 3];
  known['around'] = [...places, 1];
  known['clientMessageId'] = Array.from({ length: 40 }, newId);
}

class FuzzRun {
  readonly #server: TestServer;
  readonly #document: OpenApi;
  readonly #chance: SeededChance;
  readonly #world: World;
  readonly #values: SeededValues;
  readonly #routes: readonly Route[];
  /** Whose token the request has. */
  #asker = 0;
  readonly #done = new Set<string>();
  readonly #checks = new Map<Json, (value: unknown) => string | null>();

  constructor(server: TestServer, document: OpenApi, chance: SeededChance, world: World) {
    this.#server = server;
    this.#document = document;
    this.#chance = chance;
    this.#world = world;
    this.#values = new SeededValues(chance, document.components.schemas, world.known);
    this.#routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { operationId }]) => !NOT_HERE.has(operationId))
        .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );
  }

  async step(): Promise<void> {
    const undone = this.#routes.filter(({ operation }) => !this.#done.has(operation.operationId));
    // What never came through is tried more often.
    const route = this.#chance.one(undone.length > 0 && this.#chance.isOnce(3) ? undone : this.#routes);
    if (!this.#chance.isOnce(SELDOM[route.operation.operationId] ?? 1)) return;
    const path = this.#path(route);
    const body = this.#body(route);
    const headers = this.#headers(route);
    const answer = await this.#server.ask(route.method, path, {
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status < 300) this.#done.add(route.operation.operationId);
    await this.#signInAgain(answer);
    const fault = this.#faultOf(route, answer);
    if (fault !== null)
      throw new Error(`${route.method} ${path}: ${fault}\n${JSON.stringify({ headers, body, answer })}`);
  }

  /** What never came through in this run, of what anybody could do. */
  neverDone(): readonly string[] {
    const names = this.#routes.map(({ operation }) => operation.operationId);
    return names.filter(
      (name) => !this.#done.has(name) && SELDOM[name] === undefined && name !== 'refresh_session',
    );
  }

  #path({ path, operation }: Route): string {
    const text = (value: unknown): string =>
      encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed());
    const parameters = operation.parameters ?? [];
    let filled = path;
    const query: string[] = [];
    for (const { name, in: place, required, schema } of parameters) {
      if (place === 'header') continue;
      const value = this.#values.value(schema, name);
      if (place === 'path') filled = filled.replace(`{${name}}`, text(value) || 'x');
      else if (required || this.#chance.isOnce(3)) query.push(`${name}=${text(value)}`);
    }
    if (this.#chance.isOnce(60)) query.push(...query);
    if (this.#chance.isOnce(60)) query.push('%');
    return `${filled}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  }

  #body({ operation }: Route): string | undefined {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema === undefined) return undefined;
    const isList = schema['type'] === 'array';
    const json = JSON.stringify(isList ? this.#values.value(schema, 'frames') : this.#values.object(schema));
    if (this.#chance.isOnce(40)) return json.slice(0, this.#chance.below(json.length));
    return this.#chance.isOnce(40) ? JSON.stringify(this.#values.value(schema, '')) : json;
  }

  #headers({ operation }: Route): Record<string, string> {
    const schemes = operation.security.flatMap((requirement) => Object.keys(requirement));
    const headers: Record<string, string> = {};
    this.#asker = this.#chance.below(this.#world.users.length);
    if (schemes.includes('apiKey') && (schemes.length === 1 || this.#chance.isOnce(4))) {
      headers['authorization'] = `Bearer ${API_KEY}`;
      headers['confab-act-as'] = String(this.#chance.one(this.#world.known['Confab-Act-As'] ?? []));
    } else if (schemes.includes('accessToken')) {
      headers['authorization'] = `Bearer ${this.#world.users[this.#asker]?.token}`;
    }
    if (this.#chance.isOnce(40))
      headers['authorization'] = this.#chance.one(['', 'Bearer', 'Basic eDp5', 'Bearer a.b.c', 'bearer x']);
    if (this.#chance.isOnce(40)) headers['confab-device'] = this.#chance.one(['', 'x y', 'phone', '../x']);
    if (this.#chance.isOnce(40))
      headers['origin'] = this.#chance.one(['https://evil.example', 'null', 'x', this.#server.url]);
    if (this.#chance.isOnce(60))
      headers['content-type'] = this.#chance.one(['text/plain', '', 'application/json;charset=utf-16']);
    return headers;
  }

  /** Who was signed out signs in again, so that the run goes on; who cannot is followed by somebody new. */
  async #signInAgain({ status, body }: Answer): Promise<void> {
    if (status !== 401 || body['code'] !== 'session_ended') return;
    const user = this.#world.users[this.#asker];
    if (user === undefined) return;
    const { url } = this.#server;
    this.#world.users[this.#asker] = await logIn(url, user.username, user.deviceId).catch(() =>
      this.#server.signUp(),
    );
  }

  #faultOf({ operation }: Route, { status, headers, body }: Answer): string | null {
    if (status >= 500) return `a ${status}`;
    const response = operation.responses[String(status)];
    // The text of a path may name another one, or none.
    if (response === undefined)
      return status === 404 || status === 405 ? this.#problemFault(body) : `an undescribed ${status}`;
    if (response.content === undefined) return body === null ? null : 'a body where there is none';
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    const schema = response.content[type]?.schema;
    if (schema === undefined) return `an undescribed ${type}`;
    if (operation.operationId === 'post_frames') return this.#schemaFault(schema, withoutLabels(body), false);
    return this.#schemaFault(schema, body, status < 300);
  }

  #problemFault(body: unknown): string | null {
    return this.#schemaFault(this.#document.components.schemas['Problem'] ?? {}, body, true);
  }

  /** Compiled once a schema; they stand in the document, so the object is its name. */
  #schemaFault(schema: Json, value: unknown, isClosed: boolean): string | null {
    const check =
      this.#checks.get(schema) ??
      checkOf(schema, this.#document.components, isClosed ? closed : (open) => open);
    this.#checks.set(schema, check);
    return check(value);
  }
}

/** An error names what could be read of the frame it answers, also where just that was wrong with it. */
function withoutLabels(body: Json): unknown {
  const frames = Array.isArray(body['frames']) ? (body['frames'] as Json[]) : null;
  if (frames === null) return body;
  return {
    frames: frames.map(({ clientMessageId, conversationId, ...frame }) =>
      frame['type'] === 'error' ? frame : { clientMessageId, conversationId, ...frame },
    ),
  };
}

function checkOf(
  schema: Json,
  components: object,
  shut: (schema: Json) => Json,
): (value: unknown) => string | null {
  const properties = { value: shut(schema) };
  const root = { type: 'object', required: ['value'], properties, components: shut(components as Json) };
  const decoder = decoderOf(root as unknown as ObjectSchema);
  return (value) => {
    try {
      decoder.decode({ value });
      return null;
    } catch (error) {
      return String(error);
    }
  };
}

/** The schema that takes no field that is not described: what an answer says is what the document says. */
function closed(schema: Json): Json {
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close);
    if (typeof value !== 'object' || value === null) return value;
    const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one)]));
    const isOpen = inner['type'] === 'object' && 'properties' in inner && !('additionalProperties' in inner);
    return isOpen ? { ...inner, additionalProperties: false } : inner;
  };
  return close(schema) as Json;
}
