/** Time, chance and hashing, which core takes from outside so that a run can be replayed. */

export interface Clock {
  /** Milliseconds since the epoch. For people and expiry; never for order. */
  nowMs(): number;
  /** Calls once after `delayMs`; the answer cancels it. Faults in `action` are the caller's to catch. */
  after(delayMs: number, action: () => void): () => void;
}

/** Chance. Ids need it to be unguessable. */
export interface Random {
  /** `length` URL-safe characters, 6 random bits each. */
  urlSafe(length: number): string;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/** Hashes, plain and under the secret of the installation. */
export interface Digest {
  /** SHA-256 of the text's UTF-8, as 64 hexadecimal characters. */
  sha256Hex(text: string): string;
  /** The first 132 bits of the same, as 22 URL-safe characters. */
  sha256Id(text: string): string;
  /** HMAC-SHA-256 under the installation's secret, as 43 URL-safe characters. */
  keyed(text: string): string;
}
