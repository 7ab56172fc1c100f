import type { Database } from 'bun:sqlite';
import { ArchiveWriter } from '../archive/archive-writer.ts';
import type { Write, WriteKind, WriteResults } from '../write-requests.ts';
import { Rows } from './rows.ts';
import { AccountWriter, DeviceWriter } from './write-accounts.ts';
import { CursorWriter } from './write-cursors.ts';
import { LogWriter } from './write-log.ts';
import { ViewWriter } from './write-views.ts';
import { WorkWriter } from './write-work.ts';

/** One write inside a transaction that somebody else opens and commits. */
export class WriteExecutor {
  readonly #rows: Rows;
  readonly #log: LogWriter;
  readonly #work: WorkWriter;
  readonly #cursors: CursorWriter;
  readonly #accounts: AccountWriter;
  readonly #devices: DeviceWriter;
  readonly #archive: ArchiveWriter;

  constructor(db: Database) {
    this.#rows = new Rows(db);
    this.#work = new WorkWriter(db);
    this.#log = new LogWriter(db, this.#rows, new ViewWriter(db), this.#work);
    this.#cursors = new CursorWriter(db, this.#rows);
    this.#accounts = new AccountWriter(db);
    this.#devices = new DeviceWriter(db);
    this.#archive = new ArchiveWriter(db);
  }

  execute([kind, request]: Write): WriteResults[WriteKind] {
    switch (kind) {
      case 'commit':
        return this.#log.commit(request);
      case 'advance':
        return this.#cursors.advance(request.advances);
      case 'claim':
        return this.#work.claim(request);
      case 'complete':
        return this.#work.complete(request);
      case 'retry':
        return this.#work.retry(request);
      case 'create_account':
        return this.#accounts.create(request);
      case 'put_external':
        return this.#accounts.putExternal(request);
      case 'sign_in':
        return this.#devices.signIn(request.device, request.devicesMax);
      case 'rotate':
        return this.#devices.rotate(request);
      case 'revoke':
        return this.#devices.revoke(request);
      case 'touch':
        return this.#devices.touch(request);
      case 'put_account':
        return this.#archive.putAccount(request);
      case 'put_work':
        return this.#work.addAll(request);
    }
  }

  /** After a rollback: what was remembered of the file may never have come into it. */
  forget(): void {
    this.#rows.forget();
  }
}
