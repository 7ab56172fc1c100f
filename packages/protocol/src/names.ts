/**
 * A name as it is compared and searched: names that look alike to NFKC or differ in case alone are one. Upper case, since
 * lower case has two forms of some letters (the final sigma) and one of others (the sharp s).
 */
export function foldName(name: string): string {
  return name.normalize('NFKC').toUpperCase().normalize('NFKC');
}
