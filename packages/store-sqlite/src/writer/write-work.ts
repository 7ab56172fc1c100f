import type { Database, Statement } from 'bun:sqlite';
import type { ClaimedWork, WorkItem, WorkTask } from '@confab/contracts';
import type { WriteRequests } from '../write-requests.ts';

interface WorkRow {
  readonly place: number;
  readonly work_id: string;
  readonly due_at_ms: number;
  readonly attempts: number;
  readonly task: string;
}

export class WorkWriter {
  readonly #add: Statement<unknown, [string, number, string]>;
  readonly #due: Statement<WorkRow, [number, number, number]>;
  readonly #lease: Statement<unknown, [number, number]>;
  readonly #complete: Statement<unknown, [string]>;
  readonly #retry: Statement<unknown, [number, string]>;

  constructor(db: Database) {
    this.#add = db.query(
      `INSERT INTO work (work_id, due_at_ms, leased_until_ms, attempts, task) VALUES (?, ?, 0, 0, ?)
       ON CONFLICT (work_id) DO NOTHING`,
    );
    this.#due = db.query(
      `SELECT place, work_id, due_at_ms, attempts, task FROM work
       WHERE due_at_ms <= ? AND leased_until_ms <= ? ORDER BY due_at_ms, place LIMIT ?`,
    );
    this.#lease = db.query('UPDATE work SET leased_until_ms = ?, attempts = attempts + 1 WHERE place = ?');
    this.#complete = db.query('DELETE FROM work WHERE work_id = ?');
    this.#retry = db.query('UPDATE work SET due_at_ms = ?, leased_until_ms = 0 WHERE work_id = ?');
  }

  add({ workId, dueAtMs, task }: WorkItem): void {
    this.#add.run(workId, dueAtMs, JSON.stringify(task));
  }

  addAll({ items }: WriteRequests['put_work']): null {
    for (const item of items) this.add(item);
    return null;
  }

  claim({ nowMs, limit, leaseMs }: WriteRequests['claim']): readonly ClaimedWork[] {
    const rows = this.#due.all(nowMs, nowMs, limit);
    for (const { place } of rows) this.#lease.run(nowMs + leaseMs, place);
    return rows.map((row) => ({
      workId: row.work_id,
      dueAtMs: row.due_at_ms,
      task: JSON.parse(row.task) as WorkTask,
      attempts: row.attempts + 1,
    }));
  }

  complete({ workIds }: WriteRequests['complete']): null {
    for (const workId of workIds) this.#complete.run(workId);
    return null;
  }

  retry({ workIds, dueAtMs }: WriteRequests['retry']): null {
    for (const workId of workIds) this.#retry.run(dueAtMs, workId);
    return null;
  }
}
