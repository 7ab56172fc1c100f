import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServer, type Server } from '../src/server.ts';
import { type Environment, readConfig } from '../src/config.ts';
import { createLogger } from '../src/log-lines.ts';

/** A real server on a folder and a port of its own. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  /** What it logged, one JSON object a line. */
  readonly lines: readonly string[];
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** Registers an account and logs in. */
  signUp(username?: string): Promise<SignedIn>;
}

export interface AskOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where there is none. */
  readonly body: Json;
}

/** What was parsed; tests know its shape. */
export type Json = Record<string, unknown> & { readonly [name: string]: unknown };

export interface SignedIn {
  readonly username: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly token: string;
  readonly refreshToken: string;
}

export const PASSWORD = 'correct horse battery';

export async function startTestServer(environment: Environment = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'confab-server-'));
  const lines: string[] = [];
  const config = readConfig({
    CONFAB_PORT: '0',
    CONFAB_DATA_DIR: folder,
    CONFAB_DRAIN_MS: '0',
    ...environment,
  });
  const logger = createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line) });
  const server = await composeServer(config, {
    decorate: (ports) => ports,
    thread: null,
    logger,
    onFatal: (error) => {
      throw error;
    },
  });
  await server.start();
  const { url } = server.address;
  return {
    url,
    server,
    lines,
    ask: (method, path, options = {}) => ask(url + path, method, options),
    signUp: (username) => signUp(url, username ?? newName()),
    async [Symbol.asyncDispose]() {
      await server.drain();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, method: string, { token, body, headers = {} }: AskOptions): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? null : parsed(text)) as Json,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function signUp(url: string, username: string): Promise<SignedIn> {
  const account = await ask(`${url}/v1/accounts`, 'POST', { body: { username, password: PASSWORD } });
  if (account.status !== 201) throw new Error(`no account: ${JSON.stringify(account.body)}`);
  return await logIn(url, username);
}

export async function logIn(url: string, username: string, onDevice?: string): Promise<SignedIn> {
  const device = onDevice === undefined ? {} : { deviceId: onDevice };
  const asked = { username, password: PASSWORD, ...device };
  const { status, body } = await ask(`${url}/v1/sessions`, 'POST', { body: asked });
  if (status !== 201) throw new Error(`no session: ${JSON.stringify(body)}`);
  const { userId, deviceId, accessToken, refreshToken } = body as Record<string, string>;
  if (userId === undefined || deviceId === undefined) throw new Error('a session has a user and a device');
  return { username, userId, deviceId, token: accessToken ?? '', refreshToken: refreshToken ?? '' };
}

export function newName(): string {
  return `u${randomUUID().slice(0, 12)}`;
}

export function newId(): string {
  return randomUUID();
}

/** A group of its first user; gives the conversation's id. */
export async function newGroup(
  server: TestServer,
  owner: SignedIn,
  members: readonly SignedIn[] = [],
): Promise<string> {
  const memberIds = members.map(({ userId }) => userId);
  const body = { type: 'group', memberIds, title: 'Lunch', clientMessageId: newId() };
  const answer = await server.ask('POST', '/v1/conversations', { token: owner.token, body });
  if (answer.status !== 201) throw new Error(`no group: ${JSON.stringify(answer.body)}`);
  return (answer.body['conversation'] as { conversationId: string }).conversationId;
}

/** Says something; gives the fields of the acknowledgement. */
export async function say(
  server: TestServer,
  { token }: SignedIn,
  conversationId: string,
  body: string,
): Promise<{ messageId: string; sequence: number }> {
  const message = { clientMessageId: newId(), body };
  const answer = await server.ask('POST', `/v1/conversations/${conversationId}/messages`, {
    token,
    body: message,
  });
  if (answer.status !== 201) throw new Error(`not said: ${JSON.stringify(answer.body)}`);
  return answer.body as unknown as { messageId: string; sequence: number };
}

/** A JSON Web Token as another product would make it, or forge it. */
export function jsonWebToken(claims: object, secret: string, header: object = { alg: 'HS256' }): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = secret === '' ? '' : createHmac('sha256', secret).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}
