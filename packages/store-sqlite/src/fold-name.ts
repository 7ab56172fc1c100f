/** A display name as a search finds it: compatibility forms are one, and case does not count. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
