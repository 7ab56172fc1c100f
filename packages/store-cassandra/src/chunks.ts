/** The items in order, in pieces of at most `sizeMax`. */
export function chunksOf<T>(items: readonly T[], sizeMax: number): readonly (readonly T[])[] {
  if (items.length <= sizeMax) return items.length === 0 ? [] : [items];
  const count = Math.ceil(items.length / sizeMax);
  return Array.from({ length: count }, (_, index) => items.slice(index * sizeMax, (index + 1) * sizeMax));
}
