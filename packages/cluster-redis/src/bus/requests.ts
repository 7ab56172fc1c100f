import { ConfabError, type ErrorCode, errorTable } from '@confab/protocol';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import { absent } from './responder.ts';

interface Pending {
  readonly nodeId: string;
  readonly askedAtMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: ConfabError) => void;
}

export interface RequestsOptions {
  readonly bootId: string;
  readonly settings: ClusterSettings;
  readonly environment: Pick<Environment, 'nowMs'>;
}

/** What this node asked others and has no answer to. */
export class Requests {
  readonly #settings: ClusterSettings;
  readonly #bootId: string;
  readonly #environment: Pick<Environment, 'nowMs'>;
  /** In the order they were asked. */
  readonly #pending = new Map<string, Pending>();
  #count = 0;

  constructor({ bootId, settings, environment }: RequestsOptions) {
    this.#bootId = bootId;
    this.#settings = settings;
    this.#environment = environment;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Notes a request. Throws the ConfabError `unavailable` where too many wait. */
  begin(nodeId: string): { readonly id: string; readonly answer: Promise<unknown> } {
    if (this.#pending.size >= this.#settings.requestsMax) {
      throw new ConfabError('unavailable', 'Too many requests to other nodes wait for an answer.');
    }
    this.#count += 1;
    const id = `${this.#bootId}-${this.#count}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { nodeId, askedAtMs: this.#environment.nowMs(), resolve, reject });
    return { id, answer: promise };
  }

  answered(id: string, answer: unknown): void {
    this.#pending.get(id)?.resolve(answer);
    this.#pending.delete(id);
  }

  /** A code of a newer version is a fault to this one. */
  refused(id: string, code: string, message: string): void {
    const error = isErrorCode(code) ? new ConfabError(code, message) : new ConfabError('internal');
    this.#pending.get(id)?.reject(error);
    this.#pending.delete(id);
  }

  /** Gives up these. */
  unsent(ids: readonly string[]): void {
    for (const id of ids) this.#giveUp(id);
  }

  /** Gives up what this node was asked. */
  nodeGone(nodeId: string): void {
    for (const [id, pending] of this.#pending) if (pending.nodeId === nodeId) this.#giveUp(id);
  }

  /** Gives up all: answers may have been lost. */
  cutOff(): void {
    for (const id of this.#pending.keys()) this.#giveUp(id);
  }

  tick(nowMs: number): void {
    for (const [id, pending] of this.#pending) {
      if (nowMs - pending.askedAtMs < this.#settings.requestMsMax) break;
      this.#giveUp(id);
    }
  }

  #giveUp(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.reject(absent());
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
