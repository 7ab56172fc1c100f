/**
 * Where the ids of full buckets are kept. An era is a range of buckets with slices of its own, among which the hash of an
 * id decides. Each era is as long as all before it together, and has as many slices: so a slice never holds more than an
 * era's share of the first, 128,000 ids, and there are few eras to look in, 13 in the longest log that can be.
 */

/** A constant of the schema: buckets in the first era. */
const FIRST_ERA_BUCKETS = 1_024;
/** A constant of the schema: slices of the first era. */
const FIRST_ERA_SLICES = 8;

/** 0 for the first era's buckets, 1 for as many after those, 2 for twice as many, and so on. */
export function eraOf(bucket: number): number {
  return 32 - Math.clz32(bucket / FIRST_ERA_BUCKETS);
}

/** The slice of an id in an era; those of different eras are different. */
export function idSlice(key: string, era: number): number {
  if (era === 0) return hashOf(key) % FIRST_ERA_SLICES;
  // As many slices as there are before it.
  const slices = FIRST_ERA_SLICES * 2 ** (era - 1);
  return slices + (hashOf(key) % slices);
}

/** FNV-1a: small, even enough, and written out here because it must never change. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) >>> 0;
}
