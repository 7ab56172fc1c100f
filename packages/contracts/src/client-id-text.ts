/**
 * User and client id as one text, by which stores keep them. The length keeps two pairs from being one text, and makes
 * `clientIdText(userId, '')` a prefix of all ids of that user and of nobody else's.
 */
export function clientIdText(userId: string, clientMessageId: string): string {
  return `${userId.length}:${userId}${clientMessageId}`;
}
