/**
 * The cycles of a graph, each as one path that returns to its start: `['a', 'b', 'a']`. One path per strongly connected
 * part (Tarjan), the shortest through its first node.
 */
export function findCycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  return connectedParts(edges)
    .map((part) => [...part].sort())
    .filter((part) => part.length > 1 || edges.get(part[0] ?? '')?.has(part[0] ?? ''))
    .map((part) => shortestReturn(edges, new Set(part), part[0] ?? ''))
    .sort((a, b) => (a[0] ?? '').localeCompare(b[0] ?? ''));
}

type Visit = { readonly index: number; low: number; onStack: boolean };

function connectedParts(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const visits = new Map<string, Visit>();
  const stack: string[] = [];
  const parts: string[][] = [];
  const visit = (node: string): Visit => {
    const own: Visit = { index: visits.size, low: visits.size, onStack: true };
    visits.set(node, own);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      const seen = visits.get(next);
      if (seen === undefined) own.low = Math.min(own.low, visit(next).low);
      else if (seen.onStack) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) parts.push(popPart(node));
    return own;
  };
  const popPart = (last: string): string[] => {
    const part = stack.splice(stack.lastIndexOf(last));
    for (const node of part) {
      const seen = visits.get(node);
      if (seen !== undefined) seen.onStack = false;
    }
    return part;
  };
  for (const node of edges.keys()) if (!visits.has(node)) visit(node);
  return parts;
}

function shortestReturn(
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  part: ReadonlySet<string>,
  start: string,
) {
  let paths = [[start]];
  const seen = new Set<string>();
  while (paths.length > 0) {
    const longer: string[][] = [];
    for (const path of paths) {
      for (const next of edges.get(path.at(-1) ?? '') ?? []) {
        if (next === start) return [...path, start];
        if (!part.has(next) || seen.has(next)) continue;
        seen.add(next);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return [start];
}
