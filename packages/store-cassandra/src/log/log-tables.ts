/**
 * The log. One partition is a bucket of a conversation and holds all that a commit must change together, because a
 * condition reaches no further. Static columns are the head; `kind` and `key` are told in `log-rows.ts`. All of it is
 * written conditionally but for `views_through`, which nothing else writes.
 */
export const logTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS conversation_log (
    conversation_id text,
    bucket int,
    kind tinyint,
    key text,
    last_sequence bigint STATIC,
    last_ordinal bigint STATIC,
    head_event_id text STATIC,
    head_sent_at text STATIC,
    preview text STATIC,
    effects_at bigint STATIC,
    effects text STATIC,
    views_through bigint STATIC,
    sequence bigint,
    ordinal bigint,
    type text,
    event_id text,
    sender_id text,
    client_message_id text,
    sent_at text,
    json text,
    content_hash text,
    countable boolean,
    PRIMARY KEY ((conversation_id, bucket), kind, key)
  ) WITH CLUSTERING ORDER BY (kind ASC, key ASC)`,

  // The ids of full buckets, spread over slices of which there are more as the conversation grows: `id-slices.ts`.
  `CREATE TABLE IF NOT EXISTS event_ids (
    conversation_id text,
    slice int,
    key text,
    sequence bigint,
    PRIMARY KEY ((conversation_id, slice), key)
  )`,

  // The newest bucket of a conversation, as a hint: the bucket itself says whether it was opened.
  `CREATE TABLE IF NOT EXISTS directory (
    conversation_id text PRIMARY KEY,
    newest_bucket int
  )`,

  // `cell` is the JSON of [version, value], in one column so that the two can never be of different puts.
  `CREATE TABLE IF NOT EXISTS views (
    view_name text,
    partition text,
    key text,
    cell text,
    PRIMARY KEY ((view_name, partition), key)
  )`,
];
