import { canonicalOrigin, trustedProxiesOf } from '@confab/api';

/** How one kind of setting is written and read. `parse` throws an Error that says what is wrong with the text. */
export interface SettingKind<T> {
  /** As the table of settings names it. */
  readonly type: string;
  readonly parse: (text: string) => T;
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
