import {
  hosts,
  keyspaceName,
  networks,
  oneOf,
  origin,
  origins,
  plainName,
  redisPlace,
  replication,
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

/** What a cluster of Cassandra may be asked to do without, each costing a promise. */
const CASSANDRA_ALLOWANCES = [
  'few_replicas',
  'one_writing_datacenter',
  'periodic_commit_log',
  'paxos_v1',
] as const;

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
  checkpointMib: plain(wholeNumber('MiB', 1, 64), {
    name: 'CONFAB_SQLITE_CHECKPOINT_MIB',
    default: '16',
    description:
      'SQLite: how much is written to its log file before that is copied back into the database. More is less work for the disk; less makes the pauses shorter in which nothing is written, for a slow one.',
  }),
  cassandra: optional(hosts, {
    name: 'CONFAB_CASSANDRA',
    description:
      'Some nodes of a Cassandra cluster: history is kept there instead of in SQLite, and any number of Confab nodes may share it. Its tables are made by `confab migrate`.',
  }),
  cassandraDatacenter: plain(text, {
    name: 'CONFAB_CASSANDRA_DATACENTER',
    default: 'datacenter1',
    description: 'The data center of Cassandra that this node speaks to.',
  }),
  cassandraKeyspace: plain(keyspaceName, {
    name: 'CONFAB_CASSANDRA_KEYSPACE',
    default: 'confab',
    description: 'The keyspace of all tables.',
  }),
  cassandraReplication: plain(replication, {
    name: 'CONFAB_CASSANDRA_REPLICATION',
    default: '3',
    description:
      'Copies of everything, for `confab migrate` where it makes the keyspace: in the data center above, or in each that is named.',
  }),
  cassandraUsername: optional(text, {
    name: 'CONFAB_CASSANDRA_USERNAME',
    description: 'The user to log in to Cassandra as. Needs the password.',
  }),
  cassandraPassword: hidden(secret(1), {
    name: 'CONFAB_CASSANDRA_PASSWORD',
    description: 'The password of that user.',
  }),
  cassandraTls: plain(oneOf('on', 'off'), {
    name: 'CONFAB_CASSANDRA_TLS',
    default: 'off',
    description:
      'Whether to speak TLS to Cassandra. Certificates of an authority of your own: NODE_EXTRA_CA_CERTS.',
  }),
  cassandraAllow: optional(someOf(...CASSANDRA_ALLOWANCES), {
    name: 'CONFAB_CASSANDRA_ALLOW',
    description:
      'What is refused without it, because it gives a promise up: `few_replicas` (one lost disk may lose acknowledged messages), `periodic_commit_log` (so may a power cut that meets all replicas), `paxos_v1` (reads may miss what was just acknowledged while the ring changes), `one_writing_datacenter` (other data centers hold copies; nodes that write in two would overwrite each other).',
  }),
  redis: hidden(redisPlace, {
    name: 'CONFAB_REDIS',
    description:
      'What the nodes of a fleet share: who is connected where, and the bus between them. `redis://host:port`, `rediss://...`, or `redis+sentinel://host,host/name`. Needs CONFAB_CASSANDRA and CONFAB_SECRET.',
  }),
  secret: hidden(secret(32), {
    name: 'CONFAB_SECRET',
    description:
      'The secret of the installation, with which tokens are signed: the same on all nodes. Without it, and without a file, `secret` in the data folder is used.',
  }),
  secretFile: optional(text, {
    name: 'CONFAB_SECRET_FILE',
    description:
      'A file with the secret instead, for its owner only: such as a copy of `secret` of the data folder, with which sign-ins outlive a move to a fleet.',
  }),
  nodeId: optional(plainName, {
    name: 'CONFAB_NODE_ID',
    description:
      'The name of this node among the others, for logs and for who owns what. Without it a random one. Two nodes never have the same.',
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
  workers: plain(wholeNumber('threads', 1, 64), {
    name: 'CONFAB_WORKERS',
    default: '1',
    description:
      'Threads that hold connections, all behind the one port, for a machine with processors to spare; one more writes the database. With SQLite only: a fleet runs more processes. Limits of rate hold for each thread.',
  }),
  unreadyMs: plain(wholeNumber('milliseconds', 0, 60_000), {
    name: 'CONFAB_UNREADY_MS',
    default: '0',
    description:
      'At a stop, before anything else: how long the node serves on while `/readyz` already says no, so that a balancer sends it nothing new. Somewhat more than the balancer needs to notice.',
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
