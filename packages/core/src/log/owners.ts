import type { Clock, Digest, NodeDirectory } from '@confab/contracts';

/** A node that did not answer is passed over for this long. */
const SILENT_MS = 5_000;
/** Conversations whose owner is remembered until the nodes change. */
const REMEMBERED_MAX = 20_000;

export interface OwnersOptions {
  readonly nodeId: string;
  readonly directory: NodeDirectory;
  readonly clock: Clock;
  readonly digest: Digest;
}

/**
 * Which node should write a conversation. Each node knows by itself; where two do not agree, the log's condition keeps
 * them apart, and only speed is lost.
 */
export class Owners {
  readonly #options: OwnersOptions;
  readonly #silentUntilMs = new Map<string, number>();
  readonly #remembered = new Map<string, string | null>();
  #candidates: readonly string[] = [];
  #listed: readonly string[] | null = null;

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /** The other node that should write a conversation, or null where it is this one. */
  otherOwnerOf(conversationId: string): string | null {
    const listed = this.#options.directory.owners();
    if (listed !== this.#listed || this.#isAnybodyBack()) this.#list(listed);
    const known = this.#remembered.get(conversationId);
    if (known !== undefined) return known;
    const owner = ownerOf(conversationId, this.#candidates, this.#options.digest);
    const other = owner === this.#options.nodeId ? null : owner;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(conversationId, other);
    return other;
  }

  /** A node did not answer: for a while another one should write what it owns. */
  passOver(nodeId: string): void {
    this.#silentUntilMs.set(nodeId, this.#options.clock.nowMs() + SILENT_MS);
    this.#list(this.#options.directory.owners());
  }

  #isAnybodyBack(): boolean {
    if (this.#silentUntilMs.size === 0) return false;
    const nowMs = this.#options.clock.nowMs();
    return [...this.#silentUntilMs.values()].some((untilMs) => untilMs <= nowMs);
  }

  #list(listed: readonly string[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [nodeId, untilMs] of this.#silentUntilMs) {
      if (untilMs <= nowMs) this.#silentUntilMs.delete(nodeId);
    }
    this.#listed = listed;
    this.#candidates = listed.filter((nodeId) => !this.#silentUntilMs.has(nodeId));
    this.#remembered.clear();
  }
}

/**
 * The node that should write a conversation: rendezvous hashing (Thaler and Ravishankar, 1998) over the nodes, so that
 * a node's coming or going moves only its own share. Ownership is for speed; the log's condition is the fence.
 */
function ownerOf(conversationId: string, nodeIds: readonly string[], digest: Digest): string | null {
  const [only] = nodeIds;
  if (nodeIds.length <= 1) return only ?? null;
  let owner: string | null = null;
  let highest = '';
  for (const nodeId of nodeIds) {
    const weight = digest.sha256Hex(`${nodeId} ${conversationId}`);
    if (owner === null || weight > highest) {
      owner = nodeId;
      highest = weight;
    }
  }
  return owner;
}
