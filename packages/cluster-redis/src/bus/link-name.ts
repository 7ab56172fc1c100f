/** The name of a link: the run of its publisher, and a number. Boot ids have no `/`. */
export function linkName(bootId: string, number: number): string {
  return `${bootId}/${number}`;
}

/** Whose link it is. */
export function bootIdOfLink(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
