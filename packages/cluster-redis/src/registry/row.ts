/** A row of the registry: which run of which node it is of. */
export interface Row {
  readonly nodeId: string;
  readonly run: string;
}

export function formatRow(nodeId: string, run: string): string {
  return `${nodeId} ${run}`;
}

export function parseRow(text: string): Row {
  const at = text.indexOf(' ');
  return { nodeId: text.slice(0, at), run: text.slice(at + 1) };
}
