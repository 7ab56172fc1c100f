/**
 * Work that follows commits. The item is the truth and is only ever asked for by its id; where to look for items is in
 * entries by slots of due time, which are written once, never removed one by one, and dropped with their slot. So no
 * read ever passes over what was done.
 */
export const workTables: readonly string[] = [
  // Written conditionally only. "entry" names the one entry of a slot that stands for the item now.
  `CREATE TABLE IF NOT EXISTS work_items (
    work_id text PRIMARY KEY,
    task text,
    due_at_ms bigint,
    slot bigint,
    entry text,
    attempts int,
    leased_until_ms bigint
  )`,

  `CREATE TABLE IF NOT EXISTS work_entries (
    slot bigint,
    due_at_ms bigint,
    entry text,
    work_id text,
    PRIMARY KEY ((slot), due_at_ms, entry)
  )`,

  // The slots that have entries; read from the lowest open one on.
  `CREATE TABLE IF NOT EXISTS work_slots (
    queue tinyint,
    slot bigint,
    PRIMARY KEY ((queue), slot)
  )`,

  // The lowest open slot, and the lowest one that may not have been swept yet: between the two, whoever claims looks for
  // what was left. Each is written at the timestamp of its number so that it only rises.
  `CREATE TABLE IF NOT EXISTS work_marks (
    queue tinyint PRIMARY KEY,
    lowest_slot bigint,
    swept_slot bigint
  )`,
];
