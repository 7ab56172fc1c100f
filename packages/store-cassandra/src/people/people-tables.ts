/** Watermarks, accounts and devices. */
export const peopleTables: readonly string[] = [
  // Written plainly, at the timestamp of their sequence: whatever order writes arrive in, the highest stays.
  `CREATE TABLE IF NOT EXISTS cursors (
    conversation_id text,
    user_id text,
    kind tinyint,
    device_id text,
    sequence bigint,
    ordinal bigint,
    PRIMARY KEY ((conversation_id), user_id, kind, device_id)
  )`,

  // Users by id. "profile" is JSON in one cell, so that two writes never mix. The last two stand only where there is a
  // password. Written plainly.
  `CREATE TABLE IF NOT EXISTS accounts (
    user_id text PRIMARY KEY,
    profile text,
    folded_username text,
    password_hash text
  )`,

  // Accounts with a password by name: whoever inserts the row has the name, and it holds all of the account. Written
  // conditionally only, never removed.
  `CREATE TABLE IF NOT EXISTS usernames (
    folded_username text PRIMARY KEY,
    user_id text,
    profile text,
    password_hash text
  )`,

  // Folded names to search by, in partitions of those that begin alike; the row of the user says whether one is current.
  `CREATE TABLE IF NOT EXISTS account_names (
    beginning text,
    name text,
    user_id text,
    PRIMARY KEY ((beginning), name, user_id)
  )`,

  // Which partitions of names there are for a first letter.
  `CREATE TABLE IF NOT EXISTS name_beginnings (
    first text,
    beginning text,
    PRIMARY KEY ((first), beginning)
  )`,

  // "revision" changes with every sign-in and revocation of the user; "changed_by" names the last change of a device. All is
  // written conditionally but for "touched_at", which alone makes no device.
  `CREATE TABLE IF NOT EXISTS devices (
    user_id text,
    device_id text,
    revision text STATIC,
    name text,
    created_at text,
    last_seen_at text,
    revoked boolean,
    refresh_nonce text,
    refresh_generation int,
    rotated_at_ms bigint,
    revoked_at_ms bigint,
    changed_by text,
    touched_at text,
    PRIMARY KEY ((user_id), device_id)
  )`,
];
