import type { ConnectionOptions } from 'node:tls';
import { auth, Client, type ClientOptions, policies, type QueryOptions, types } from 'cassandra-driver';
import { mapBounded } from './bounded.ts';
import { controlConnectionOf, refreshOneAtATime } from './control-connection.ts';
import { CqlFailure, failureOf, withReason } from './cql-failure.ts';
import { Gate } from './gate.ts';

/** A value to bind. `undefined` leaves a column as it is; null would write a tombstone and is only for conditions. */
export type CqlValue = string | number | boolean | null | undefined | types.Long | Buffer | readonly string[];

/** A CQL text, always the same for the same purpose so that it is prepared once, and what is bound to it. */
export interface CqlStatement {
  readonly cql: string;
  readonly params: readonly CqlValue[];
}

/** How a conditional statement ended; `rows` are what stood against it, with all columns of the table. */
type ConditionalOutcome<Row> =
  | { readonly applied: true }
  | { readonly applied: false; readonly rows: readonly Row[] };

/**
 * What the store says to Cassandra. Everything is prepared and at LOCAL_QUORUM, and ends within the request time-out for
 * each node tried. Errors are `CqlFailure` where Cassandra cannot answer. `bigint` columns come as numbers.
 */
export interface CqlSession {
  /** All rows, in pages of the driver: bound what is asked by LIMIT or by the partition. Asked again where a node fails. */
  read<Row>(cql: string, params: readonly CqlValue[]): Promise<readonly Row[]>;
  /**
   * Of tables that each node has of its own: what the nodes of this data center say, by address. Nodes that cannot be
   * reached are left out; null where this user may not read it.
   */
  readNodes<Row>(
    cql: string,
    params: readonly CqlValue[],
  ): Promise<ReadonlyMap<string, readonly Row[] | null>>;
  /** A read that first finishes what is under way in the partition, and therefore sees every decided commit. */
  readSerial<Row>(cql: string, params: readonly CqlValue[]): Promise<readonly Row[]>;
  /** Plain, and idempotent: it may be carried out more than once. */
  write(cql: string, params: readonly CqlValue[]): Promise<void>;
  /** Plain writes in one request, without a log: atomic only where all are in one partition. Idempotent. */
  batch(statements: readonly CqlStatement[]): Promise<void>;
  /**
   * One conditional statement, or several in one partition of which at least one is conditional. Sent once: never
   * retried, never sent twice. A `CqlFailure` says whether it may have been applied.
   */
  conditional<Row>(statements: readonly CqlStatement[]): Promise<ConditionalOutcome<Row>>;
  /** Unprepared, for what defines the schema. */
  define(cql: string): Promise<void>;
  close(): Promise<void>;
}

export interface CassandraConnection {
  /** `host` or `host:port` of some nodes; the others are found through them. */
  readonly contactPoints: readonly string[];
  /** Only nodes of this data center are asked. */
  readonly localDataCenter: string;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly tls: ConnectionOptions | null;
  /** How long one node may take to answer. Above the server's own time-outs, which say more than ours. */
  readonly requestTimeoutMs: number;
}

export const REQUEST_TIMEOUT_MS_DEFAULT = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RECONNECT_BASE_MS = 250;
const RECONNECT_CAP_MS = 5_000;
const HEARTBEAT_INTERVAL_MS = 5_000;
const REQUESTS_PER_CONNECTION_MAX = 2_048;
/** Below what one connection carries, so that one node alone can take it all. */
const REQUESTS_UNDER_WAY_MAX = 1_536;
const REQUESTS_WAITING_MAX = 100_000;
/** As long as one node may take: whoever waited that long for a place would wait for the answer as well. */
const REQUEST_WAIT_MS_MAX = 5_000;
const NODES_AT_ONCE_MAX = 16;
/** More than the ids of a bucket, which are read whole. */
const FETCH_ROWS = 2_000;

const PLAIN: QueryOptions = {
  prepare: true,
  isIdempotent: true,
  logged: false,
  fetchSize: FETCH_ROWS,
  consistency: types.consistencies.localQuorum,
};
const SERIAL_READ: QueryOptions = { ...PLAIN, consistency: types.consistencies.localSerial };
const OF_ONE_NODE: QueryOptions = { ...PLAIN, consistency: types.consistencies.one };
const CONDITIONAL: QueryOptions = {
  ...PLAIN,
  isIdempotent: false,
  serialConsistency: types.consistencies.localSerial,
  retry: new policies.retry.FallthroughRetryPolicy(),
};

/** Throws, saying why, where no node can be reached, or they refuse the credentials or the keyspace. */
export async function openCqlSession(
  connection: CassandraConnection,
  keyspace: string | null,
): Promise<CqlSession> {
  const client = new Client(clientOptions(connection, keyspace));
  refreshOneAtATime(controlConnectionOf(client));
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw withReason(failureOf(error));
  }
  return new DriverSession(client, connection.localDataCenter);
}

class DriverSession implements CqlSession {
  readonly #client: Client;
  readonly #dataCenter: string;
  readonly #gate = new Gate({
    underWayMax: REQUESTS_UNDER_WAY_MAX,
    waitingMax: REQUESTS_WAITING_MAX,
    waitMsMax: REQUEST_WAIT_MS_MAX,
  });

  constructor(client: Client, dataCenter: string) {
    this.#client = client;
    this.#dataCenter = dataCenter;
  }

  read<Row>(cql: string, params: readonly CqlValue[]): Promise<readonly Row[]> {
    return this.#readPages<Row>(cql, params, PLAIN);
  }

  readSerial<Row>(cql: string, params: readonly CqlValue[]): Promise<readonly Row[]> {
    return this.#readPages<Row>(cql, params, SERIAL_READ);
  }

  async readNodes<Row>(
    cql: string,
    params: readonly CqlValue[],
  ): Promise<ReadonlyMap<string, readonly Row[] | null>> {
    const hosts = this.#client.hosts.values().filter(({ datacenter }) => datacenter === this.#dataCenter);
    const answers = new Map<string, readonly Row[] | null>();
    await mapBounded(hosts, NODES_AT_ONCE_MAX, async (host) => {
      try {
        answers.set(host.address, await this.#readPages<Row>(cql, params, { ...OF_ONE_NODE, host }));
      } catch (error) {
        if (!(error instanceof CqlFailure)) answers.set(host.address, null);
      }
    });
    return answers;
  }

  async write(cql: string, params: readonly CqlValue[]): Promise<void> {
    await this.#execute(cql, params, PLAIN);
  }

  async batch(statements: readonly CqlStatement[]): Promise<void> {
    if (statements.length > 0) await this.#send(statements, PLAIN);
  }

  async conditional<Row>(statements: readonly CqlStatement[]): Promise<ConditionalOutcome<Row>> {
    const result = await this.#send(statements, CONDITIONAL);
    return result.wasApplied()
      ? { applied: true }
      : { applied: false, rows: rowsOf(result) as readonly Row[] };
  }

  async define(cql: string): Promise<void> {
    await this.#execute(cql, [], { consistency: types.consistencies.localQuorum });
  }

  async close(): Promise<void> {
    await this.#client.shutdown();
  }

  async #readPages<Row>(
    cql: string,
    params: readonly CqlValue[],
    options: QueryOptions,
  ): Promise<readonly Row[]> {
    const first = await this.#execute(cql, params, options);
    if (!first.pageState) return rowsOf(first) as readonly Row[];
    const rows = [...rowsOf(first)];
    for (let { pageState } = first; pageState;) {
      const page = await this.#execute(cql, params, { ...options, pageState });
      rows.push(...rowsOf(page));
      ({ pageState } = page);
    }
    return rows as readonly Row[];
  }

  async #execute(cql: string, params: readonly CqlValue[], options: QueryOptions): Promise<types.ResultSet> {
    try {
      return await this.#gate.run(() => this.#client.execute(cql, [...params], options));
    } catch (error) {
      throw failureOf(error);
    }
  }

  async #send(statements: readonly CqlStatement[], options: QueryOptions): Promise<types.ResultSet> {
    const [only] = statements;
    if (only !== undefined && statements.length === 1) return this.#execute(only.cql, only.params, options);
    try {
      const queries = statements.map(({ cql, params }) => ({ query: cql, params: [...params] }));
      return await this.#gate.run(() => this.#client.batch(queries, options));
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** `bigint` columns as numbers: all of ours are below 2^53. */
function rowsOf({ rows, columns }: types.ResultSet): readonly unknown[] {
  // A result without columns, as a write's, has no rows property either.
  if (!rows) return [];
  const names = columns.filter(({ type }) => type.code === types.dataTypes.bigint).map(({ name }) => name);
  for (const row of rows) {
    for (const name of names) {
      const value: unknown = row[name];
      if (value instanceof types.Long) row[name] = value.toNumber();
    }
  }
  return rows;
}

const PORT_DEFAULT = 9042;

/** The one port of all contact points. Throws where they have several: a cluster speaks CQL on one. */
function portOf(contactPoints: readonly string[]): number {
  const ports = new Set(contactPoints.map((point) => Number(/:(\d+)$/.exec(point)?.[1] ?? PORT_DEFAULT)));
  const [port = PORT_DEFAULT, ...others] = ports;
  if (others.length === 0) return port;
  throw new Error(`the nodes of a Cassandra cluster have one port, not ${[...ports].join(' and ')}`);
}

function clientOptions(connection: CassandraConnection, keyspace: string | null): ClientOptions {
  const { contactPoints, localDataCenter, credentials, tls, requestTimeoutMs } = connection;
  return {
    contactPoints: [...contactPoints],
    // Nodes that are found through these answer on the same port; the driver takes them to be on 9042 else.
    protocolOptions: { port: portOf(contactPoints) },
    localDataCenter,
    ...(keyspace === null ? {} : { keyspace }),
    ...(credentials === null
      ? {}
      : { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }),
    ...(tls === null ? {} : { sslOptions: tls }),
    policies: {
      loadBalancing: new policies.loadBalancing.DefaultLoadBalancingPolicy({ localDc: localDataCenter }),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        RECONNECT_BASE_MS,
        RECONNECT_CAP_MS,
        false,
      ),
    },
    pooling: {
      heartBeatInterval: HEARTBEAT_INTERVAL_MS,
      maxRequestsPerConnection: REQUESTS_PER_CONNECTION_MAX,
    },
    socketOptions: { connectTimeout: CONNECT_TIMEOUT_MS, readTimeout: requestTimeoutMs },
    encoding: { useUndefinedAsUnset: true },
    queryOptions: PLAIN,
  };
}
