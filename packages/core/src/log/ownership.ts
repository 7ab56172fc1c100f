import type { Digest } from '@confab/contracts';

/**
 * The node that should write a conversation: rendezvous hashing (Thaler and Ravishankar, 1998) over the live nodes, so
 * that a node's coming or going moves only its own share. Ownership is for speed; the log's condition is the fence.
 */
export function ownerOf(conversationId: string, nodeIds: readonly string[], digest: Digest): string | null {
  const [only] = nodeIds;
  if (nodeIds.length <= 1) return only ?? null;
  let owner: string | null = null;
  let highest = '';
  for (const nodeId of nodeIds) {
    const weight = digest.sha256Hex(`${nodeId} ${conversationId}`);
    if (owner === null || weight > highest) {
      owner = nodeId;
      highest = weight;
    }
  }
  return owner;
}
