import { canonicalOrigin, trustedProxiesOf } from '@confab/api';

/** How one kind of setting is written and read. `parse` throws an Error that says what is wrong with the text. */
export interface SettingKind<T> {
  /** As the table of settings names it. */
  readonly type: string;
  readonly parse: (text: string) => T;
  /** How a value is shown, where its text alone does not say it. */
  print?(value: T): string;
}

export const text: SettingKind<string> = { type: 'text', parse: (value) => value };

/** A secret of at least `bytesMin` bytes: shorter ones can be guessed. */
export function secret(bytesMin: number): SettingKind<string> {
  return {
    type: `secret, at least ${bytesMin} bytes`,
    parse(value) {
      if (Buffer.byteLength(value) >= bytesMin) return value;
      throw new Error(`is too short to be a secret; it takes at least ${bytesMin} bytes`);
    },
  };
}

export function oneOf<const T extends string>(...words: readonly T[]): SettingKind<T> {
  return {
    type: words.map((word) => `\`${word}\``).join(' or '),
    parse(value) {
      const word = words.find((known) => known === value);
      if (word !== undefined) return word;
      throw new Error(`is "${value}"; it is one of ${words.join(', ')}`);
    },
  };
}

export function wholeNumber(unit: string, minimum: number, maximum: number): SettingKind<number> {
  return {
    type: `${unit}, ${minimum} to ${maximum}`,
    parse(value) {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= minimum && number <= maximum) return number;
      throw new Error(`is "${value}"; it is a whole number from ${minimum} to ${maximum}`);
    },
  };
}

export const origin: SettingKind<string> = { type: 'origin', parse: orSay(canonicalOrigin) };

export const origins: SettingKind<readonly string[]> = {
  type: 'origins, separated by commas',
  parse: orSay((value) => entriesOf(value).map(canonicalOrigin)),
};

export const networks: SettingKind<readonly string[]> = {
  type: 'IP addresses and networks, separated by commas',
  parse: orSay((value) => {
    const entries = entriesOf(value);
    trustedProxiesOf(entries);
    return entries;
  }),
};

/** Words of a fixed list, separated by commas; at least one. */
export function someOf<const T extends string>(...words: readonly T[]): SettingKind<readonly T[]> {
  return {
    type: `some of ${words.map((word) => `\`${word}\``).join(', ')}`,
    parse(value) {
      const entries = entriesOf(value).map((entry) => words.find((known) => known === entry));
      const known = entries.filter((entry) => entry !== undefined);
      if (known.length > 0 && known.length === entries.length) return known;
      throw new Error(`is "${value}"; it is some of ${words.join(', ')}`);
    },
  };
}

/** A name that may stand in keys and file names. */
export const plainName: SettingKind<string> = {
  type: 'name of letters, digits, `_` and `-`',
  parse(value) {
    if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return value;
    throw new Error(`is "${value}"; it has 1 to 64 letters, digits, "_" and "-"`);
  },
};

export const keyspaceName: SettingKind<string> = {
  type: 'name of a keyspace',
  parse(value) {
    if (/^[a-z][a-z0-9_]{0,47}$/.test(value)) return value;
    throw new Error(`is "${value}"; it has 1 to 48 small letters, digits and "_", and begins with a letter`);
  },
};

/** Addresses of servers, as `host` or `host:port`. */
export const hosts: SettingKind<readonly string[]> = {
  type: 'hosts, as `host` or `host:port`, separated by commas',
  parse(value) {
    const entries = entriesOf(value);
    const wrong = entries.find((entry) => !HOST.test(entry));
    if (wrong !== undefined) throw new Error(`is wrong: "${wrong}" is no host; one looks like 10.0.0.1:9042`);
    if (entries.length === 0) throw new Error('names no host');
    return entries;
  },
};

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Copies of the data: a number, or one for each data center. */
export const replication: SettingKind<Readonly<Record<string, number>> | number> = {
  type: 'number of copies, or `datacenter:copies` separated by commas',
  parse(value) {
    if (/^[1-9]\d?$/.test(value)) return Number(value);
    const pairs = entriesOf(value).map((entry) => /^([\w.-]{1,255}):([1-9]\d?)$/.exec(entry));
    if (pairs.length > 0 && pairs.every((pair) => pair !== null))
      return Object.fromEntries(pairs.map(([, name, copies]) => [name, Number(copies)]));
    throw new Error(`is "${value}"; it looks like 3, or like east:3,west:3`);
  },
  print(value) {
    return typeof value === 'number'
      ? String(value)
      : Object.entries(value)
          .map(([name, copies]) => `${name}:${copies}`)
          .join(',');
  },
};

/** Where Redis is: one server, or the sentinels that know which one leads. */
export type RedisPlace =
  | { readonly url: string }
  | {
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
      /** The name of the watched Redis. */
      readonly name: string;
      readonly password?: string;
    };

const SENTINEL_PORT = 26_379;

/** `redis://[user:password@]host:port[/database]`, `rediss://...`, or `redis+sentinel://[:password@]host:port,.../name`. */
export const redisPlace: SettingKind<RedisPlace> = {
  type: 'address of Redis',
  parse(value) {
    const place = sentinelPlace(value) ?? serverPlace(value);
    if (place !== null) return place;
    // What is wrong is not repeated: there may be a password in it.
    throw new Error(
      'is no address of Redis; one looks like redis://10.0.0.1:6379 or redis+sentinel://10.0.0.1,10.0.0.2/main',
    );
  },
};

function serverPlace(value: string): RedisPlace | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isRedis = url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:');
  return isRedis && url.hostname !== '' ? { url: value } : null;
}

function sentinelPlace(value: string): RedisPlace | null {
  const parts = /^redis\+sentinel:\/\/(?::([^@/]*)@)?([^/@]+)\/([\w.-]+)$/.exec(value);
  if (parts === null) return null;
  const [, password, places = '', name = ''] = parts;
  const entries = entriesOf(places);
  if (entries.length === 0 || !entries.every((entry) => HOST.test(entry))) return null;
  const named = { sentinels: entries.map(sentinelOf), name };
  return password === undefined ? named : { ...named, password: decodeURIComponent(password) };
}

function sentinelOf(entry: string): { readonly host: string; readonly port: number } {
  const [, host = entry, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return { host: bare, port: port === undefined ? SENTINEL_PORT : Number(port) };
}

function entriesOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function orSay<T>(parse: (value: string) => T): (value: string) => T {
  return (value) => {
    try {
      return parse(value);
    } catch (error) {
      throw new Error(`is wrong: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  };
}
