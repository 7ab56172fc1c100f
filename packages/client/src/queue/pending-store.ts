import type { MessageFormat } from '@confab/protocol';
import type { ChatErrorCode } from '../errors.ts';
import type { Locks } from '../platform/locks.ts';
import type { ClientStorage } from '../storage/client-storage.ts';

/** A message as it is kept on the device until it is acknowledged: a row of `pending`, under its clientMessageId. */
export interface PendingRow {
  readonly clientMessageId: string;
  readonly userId: string;
  readonly conversationId: string;
  /** The tab that sends it. Another takes it over once that tab is gone. */
  readonly instanceId: string;
  /** Rises with every send; the order of sending. */
  readonly place: number;
  /** RFC 3339, by this device's clock; for showing. */
  readonly queuedAt: string;
  readonly body: string;
  readonly format: MessageFormat | null;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  readonly readThrough: number | null;
  /** Refused for good; it waits for the user. */
  readonly failure: { readonly code: ChatErrorCode; readonly message: string } | null;
}

/** The unsent messages on the device's storage. Each is a row of its own, so tabs do not lose one another's. */
export class PendingStore {
  readonly #storage: ClientStorage;
  readonly #locks: Locks;
  readonly #instanceId: string;
  #release: (() => void) | null = null;

  constructor(storage: ClientStorage, locks: Locks, instanceId: string) {
    this.#storage = storage;
    this.#locks = locks;
    this.#instanceId = instanceId;
  }

  /** Says to other tabs that this one is alive and looks after its rows. */
  begin(): void {
    this.#release ??= this.#locks.hold(this.#lockName(this.#instanceId));
  }

  end(): void {
    this.#release?.();
    this.#release = null;
  }

  async keep(row: PendingRow): Promise<void> {
    await this.#storage.write([{ table: 'pending', key: row.clientMessageId, value: row }]);
  }

  async drop(clientMessageId: string): Promise<void> {
    await this.#storage.write([{ table: 'pending', key: clientMessageId, value: undefined }]);
  }

  /** The user's rows that no living tab looks after, in order. From now on they are this tab's. */
  async adopt(userId: string): Promise<readonly PendingRow[]> {
    const [rows, held] = await Promise.all([this.#storage.readAll('pending'), this.#locks.held()]);
    const orphans = rows
      .map(([, value]) => value as PendingRow)
      .filter((row) => row.userId === userId && row.instanceId !== this.#instanceId)
      .filter((row) => !held.has(this.#lockName(row.instanceId)))
      .map((row) => ({ ...row, instanceId: this.#instanceId }))
      .sort((one, other) => one.place - other.place);
    await this.#storage.write(
      orphans.map((row) => ({ table: 'pending' as const, key: row.clientMessageId, value: row })),
    );
    return orphans;
  }

  #lockName(instanceId: string): string {
    return `confab-queue-${this.#storage.name}-${instanceId}`;
  }
}
