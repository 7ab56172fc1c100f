import type {
  Clock,
  ConversationLog,
  CursorAdvance,
  CursorPlace,
  Cursors,
  Observer,
  UserCursor,
} from '@confab/contracts';
import { unreadCount } from '@confab/conversation';
import type { Access } from '../membership/access.ts';
import { floorOf } from '../membership/floor.ts';
import type { ToldMembers } from '../membership/told-members.ts';
import { ownBetween } from '../log/own-count.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { LogReader } from '../log/log-reader.ts';
import { Gathered } from './gathered.ts';

/** Receipts are gathered this long and written together: they come in crowds and only the highest counts. */
const GATHER_MS = 50;
/** After a write that failed. */
const RETRY_MS = 1_000;

/** A device's word about one conversation. */
export interface ReceiptRequest {
  readonly conversationId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly delivered: number | null;
  readonly read: number | null;
}

interface ReceiptsOptions {
  readonly log: ConversationLog;
  readonly reader: LogReader;
  readonly cursors: Cursors;
  readonly access: Access;
  readonly toldMembers: ToldMembers;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly observer: Observer;
}

/** Watermarks: clamped to the head, never backwards, written in batches, told to who may know. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  #gathered = new Gathered();
  /** Handed to the store and not yet answered. */
  #underWay = new Gathered();
  #writing: Promise<void> | null = null;
  #advancing: Promise<void> | null = null;
  /** Resolves when all that was written so far is told. */
  #telling: Promise<void> = Promise.resolve();

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** Takes a receipt of a member; resolved once it is noted here. `written` says when it is in the store. */
  async take(request: ReceiptRequest): Promise<{ readonly written: Promise<void> }> {
    const { conversationId, userId } = request;
    const { access, log, reader } = this.#options;
    if (!access.isOwnLog(conversationId, userId)) await access.member(conversationId, userId);
    const head = (await log.heads([conversationId])).get(conversationId);
    if (head === undefined) return { written: Promise.resolve() };
    const delivered = Math.max(request.delivered ?? 0, request.read ?? 0);
    if (delivered > 0)
      this.#gather(request, 'delivered', { sequence: Math.min(delivered, head.sequence), ordinal: 0 });
    if (request.read !== null && request.read > 0) {
      const sequence = Math.min(request.read, head.sequence);
      const event = sequence === head.sequence ? head : await reader.at(conversationId, sequence);
      if (event !== null) this.#gather(request, 'read', { sequence, ordinal: event.ordinal });
    }
    return { written: this.#write() };
  }

  #gather(
    request: ReceiptRequest,
    kind: CursorAdvance['kind'],
    place: { readonly sequence: number; readonly ordinal: number },
  ): void {
    const { conversationId, userId, deviceId } = request;
    this.#gathered.take({ conversationId, userId, deviceId, kind, ...place });
  }

  /** The watermarks at each place, those included that are not yet written. */
  async cursors(places: readonly CursorPlace[]): Promise<readonly (UserCursor | null)[]> {
    if (places.length === 0) return [];
    // What is written while the store is asked may be missing in its answer and gone from here.
    const before = [this.#underWay, this.#gathered];
    const written = await this.#options.cursors.get(places);
    const unwritten = [...before, this.#underWay, this.#gathered];
    return places.map((place, index) =>
      unwritten.reduce<UserCursor | null>(
        (cursor, marks) => marks.over(place, cursor),
        written[index] ?? null,
      ),
    );
  }

  /** The watermarks of a conversation's members. */
  async ofConversation(conversationId: string): Promise<readonly UserCursor[]> {
    return await this.#options.cursors.ofConversation(conversationId);
  }

  /** Writes what is gathered, soon; all that ask before then share one write. */
  #write(): Promise<void> {
    if (this.#writing === null) {
      const due = new Promise<void>((resolve) => void this.#options.clock.after(GATHER_MS, resolve));
      this.#writing = due.then(() => this.#flush());
      this.#writing.catch(() => undefined);
    }
    return this.#writing;
  }

  async #flush(): Promise<void> {
    this.#writing = null;
    if (this.#advancing !== null || this.#gathered.isEmpty) return await this.#flushLater();
    this.#underWay = this.#gathered;
    this.#gathered = new Gathered();
    const advances = this.#underWay.all();
    try {
      this.#advancing = this.#options.cursors.advance(advances);
      await this.#advancing;
      this.#telling = Promise.all([this.#telling, this.#tell(advances)]).then(() => undefined);
    } catch (error) {
      this.#options.observer.fault({ where: 'receipts', error });
      for (const advance of advances) this.#gathered.take(advance);
      this.#options.clock.after(RETRY_MS, () => void this.#write());
      throw error;
    } finally {
      this.#underWay = new Gathered();
      this.#advancing = null;
    }
  }

  /** Writes what is gathered now; what cannot be written is lost, and devices say it again. */
  async stop(): Promise<void> {
    await this.#advancing?.catch(() => undefined);
    await this.#flush().catch(() => undefined);
    // What it is told of is read from the store, which closes after this.
    await this.#telling;
  }

  /** A write is still under way; what was gathered meanwhile goes with the next. */
  async #flushLater(): Promise<void> {
    if (!this.#gathered.isEmpty) await this.#write();
  }

  async #tell(advances: readonly CursorAdvance[]): Promise<void> {
    const news = new Map<
      string,
      { conversationId: string; userId: string; delivered?: number; read?: number }
    >();
    for (const { conversationId, userId, kind, sequence } of advances) {
      const key = `${conversationId} ${userId}`;
      const item = news.get(key) ?? { conversationId, userId };
      item[kind] = Math.max(item[kind] ?? 0, sequence);
      news.set(key, item);
    }
    for (const item of news.values()) {
      try {
        await this.#tellOthers(item);
        if (item.read !== undefined) await this.#tellOwnDevices(item.conversationId, item.userId, item.read);
      } catch (error) {
        this.#options.observer.fault({ where: 'receipt-news', error });
      }
    }
  }

  async #tellOthers(item: { conversationId: string; userId: string; delivered?: number; read?: number }) {
    const { toldMembers } = this.#options;
    const members = await toldMembers.of(item.conversationId, (tier) => tier.receipts === 'everyone');
    if (members === null || !members.includes(item.userId)) return;
    const others = members.filter((userId) => userId !== item.userId);
    if (others.length > 0) await this.#options.delivery.deliverReceipt(others, item);
  }

  /** The user's other devices learn the new floor and what is unread above it at a head. */
  async #tellOwnDevices(conversationId: string, userId: string, read: number): Promise<void> {
    const { access, cursors, delivery, log } = this.#options;
    const membership = await access.membership(conversationId, userId);
    const head = (await log.heads([conversationId])).get(conversationId);
    if (membership === null || membership.to !== null || head === undefined) return;
    const [cursor] = await cursors.get([{ conversationId, userId }]);
    const floor = floorOf(membership, cursor ?? null, head);
    const own = await ownBetween(log, userId, [{ conversationId, floor, head }]);
    await delivery.deliverReceipt([userId], {
      conversationId,
      userId,
      read,
      floor,
      unread: unreadCount(head.ordinal, floor.ordinal, own[0] ?? 0),
      headSequence: head.sequence,
      headOrdinal: head.ordinal,
    });
  }
}
