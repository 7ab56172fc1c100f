import {
  networks,
  oneOf,
  origin,
  origins,
  secret,
  type SettingKind,
  someOf,
  text,
  wholeNumber,
} from './setting-kinds.ts';

/** One row: its name, how it is read, what holds without it, what it is for. */
export interface Setting<T> {
  readonly name: `CONFAB_${string}`;
  readonly kind: SettingKind<T>;
  /** As it would be written; null where there is nothing without it. */
  readonly default: string | null;
  readonly description: string;
  /** Whether its value is never printed. */
  readonly isSecret: boolean;
}

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

/** Every setting there is. The table makes the parsing, the flags, `confab config` and the documentation. */
export const settings = {
  host: plain(text, {
    name: 'CONFAB_HOST',
    default: '127.0.0.1',
    description: 'The address to listen on. `0.0.0.0` lets other machines in; put TLS in front of it.',
  }),
  port: plain(wholeNumber('port', 0, 65_535), {
    name: 'CONFAB_PORT',
    default: '8080',
    description:
      'The port. Where it is not set and 8080 is taken, the next free one is used and printed; where it is set, a taken port is an error. 0 takes any free one.',
  }),
  dataDir: plain(text, {
    name: 'CONFAB_DATA_DIR',
    default: '.confab',
    description: 'The folder of all data: the database and the secret of the installation. Back up this one.',
  }),
  webDir: optional(text, {
    name: 'CONFAB_WEB_DIR',
    description: 'The folder of the built web app, where it is not the one that comes with the server.',
  }),
  publicUrl: optional(origin, {
    name: 'CONFAB_PUBLIC_URL',
    description:
      'Where people find the server, as `https://chat.example.org`. Needed behind a public name: pages of that origin may then use the API.',
  }),
  allowedOrigins: optional(origins, {
    name: 'CONFAB_ALLOWED_ORIGINS',
    description: 'Origins of other web pages that may use the API and the socket, compared exactly.',
  }),
  registration: plain(oneOf('open', 'closed'), {
    name: 'CONFAB_REGISTRATION',
    default: 'open',
    description: 'Whether anybody may register an account. With `closed`, `confab user add` still can.',
  }),
  rateLimits: plain(oneOf('on', 'off'), {
    name: 'CONFAB_RATE_LIMITS',
    default: 'on',
    description: 'Whether requests are limited by address and by user. `off` is for load tests.',
  }),
  logLevel: plain(oneOf('debug', 'info', 'warn', 'error'), {
    name: 'CONFAB_LOG_LEVEL',
    default: 'info',
    description:
      'The least that is logged. Logs go to standard error and hold no message bodies and no tokens.',
  }),
  logFormat: plain(oneOf('auto', 'pretty', 'json'), {
    name: 'CONFAB_LOG_FORMAT',
    default: 'auto',
    description:
      '`auto` is `pretty` in a terminal and `json` elsewhere. With `json` set, nothing but JSON lines is printed.',
  }),
  jwtIssuer: optional(text, {
    name: 'CONFAB_JWT_ISSUER',
    description:
      'For embedding: the `iss` of the tokens of your product. Needs the audience and one of secret and key set.',
  }),
  jwtAudience: optional(text, {
    name: 'CONFAB_JWT_AUDIENCE',
    description: 'What `aud` of these tokens must be or contain.',
  }),
  jwtSecret: hidden(secret(32), {
    name: 'CONFAB_JWT_SECRET',
    description: 'The secret of these tokens, for HS256.',
  }),
  jwtJwksUrl: optional(text, {
    name: 'CONFAB_JWT_JWKS_URL',
    description: 'Where the public keys of these tokens are; https, or http to this machine.',
  }),
  jwtAlgorithms: plain(someOf(...ALGORITHMS), {
    name: 'CONFAB_JWT_ALGORITHMS',
    default: ALGORITHMS.join(','),
    description: 'What these tokens may be signed with, where their keys come from the key set.',
  }),
  apiKey: hidden(secret(32), {
    name: 'CONFAB_API_KEY',
    description:
      'The key with which the server of your product creates users, conversations and members. Without it nobody can.',
  }),
  trustedProxies: optional(networks, {
    name: 'CONFAB_TRUSTED_PROXIES',
    description: 'The proxies in front of the server: only their `X-Forwarded-For` is believed.',
  }),
  metricsToken: hidden(secret(16), {
    name: 'CONFAB_METRICS_TOKEN',
    description:
      'The bearer token that `/metrics` asks for. Without it `/metrics` answers this machine only, and nothing that came through a proxy.',
  }),
  accessTokenSeconds: plain(wholeNumber('seconds', 10, 86_400), {
    name: 'CONFAB_ACCESS_TOKEN_SECONDS',
    default: '900',
    description: 'How long an access token is valid. Signing out and revoking end it at once all the same.',
  }),
  drainMs: plain(wholeNumber('milliseconds', 0, 600_000), {
    name: 'CONFAB_DRAIN_MS',
    default: '1000',
    description:
      'At a stop: the time over which connections are told to come back elsewhere. With many of them, more time spreads their return.',
  }),
} as const;

type Row = { readonly name: `CONFAB_${string}`; readonly description: string };

/** A setting that has a value in any case. */
function plain<T>(kind: SettingKind<T>, row: Row & { readonly default: string }): Setting<T> {
  return { kind, isSecret: false, ...row };
}

function optional<T>(kind: SettingKind<T>, row: Row): Setting<T | null> {
  return { kind, isSecret: false, default: null, ...row };
}

function hidden<T>(kind: SettingKind<T>, row: Row): Setting<T | null> {
  return { kind, isSecret: true, default: null, ...row };
}
