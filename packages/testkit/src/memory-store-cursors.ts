import type { CursorAdvance, CursorPlace, Cursors, UserCursor } from '@confab/contracts';

interface Watermarks {
  readonly deliveredByDevice: Map<string, number>;
  read: number;
  readOrdinal: number;
}

export class MemoryCursors implements Cursors {
  readonly #conversations = new Map<string, Map<string, Watermarks>>();

  async advance(advances: readonly CursorAdvance[]): Promise<void> {
    for (const advance of advances) this.#advanceOne(advance);
  }

  async ofConversation(conversationId: string): Promise<readonly UserCursor[]> {
    const users = this.#conversations.get(conversationId) ?? new Map<string, Watermarks>();
    return [...users].map(([userId, watermarks]) => userCursor(userId, watermarks));
  }

  async get(places: readonly CursorPlace[]): Promise<readonly (UserCursor | null)[]> {
    return places.map(({ conversationId, userId }) => {
      const watermarks = this.#conversations.get(conversationId)?.get(userId);
      return watermarks === undefined ? null : userCursor(userId, watermarks);
    });
  }

  #advanceOne({ conversationId, userId, deviceId, kind, sequence, ordinal }: CursorAdvance): void {
    const users = this.#conversations.get(conversationId) ?? new Map<string, Watermarks>();
    this.#conversations.set(conversationId, users);
    const watermarks = users.get(userId) ?? {
      deliveredByDevice: new Map<string, number>(),
      read: 0,
      readOrdinal: 0,
    };
    users.set(userId, watermarks);
    if (kind === 'delivered') {
      const delivered = watermarks.deliveredByDevice.get(deviceId) ?? 0;
      watermarks.deliveredByDevice.set(deviceId, Math.max(delivered, sequence));
    } else if (sequence > watermarks.read) {
      watermarks.read = sequence;
      watermarks.readOrdinal = ordinal;
    }
  }
}

function userCursor(userId: string, { deliveredByDevice, read, readOrdinal }: Watermarks): UserCursor {
  return { userId, delivered: Math.max(0, ...deliveredByDevice.values()), read, readOrdinal };
}
