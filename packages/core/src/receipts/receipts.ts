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
import type { Delivery } from '../delivery/delivery.ts';
import type { LogReader } from '../log/log-reader.ts';
import { Gathered } from './gathered.ts';

/** Receipts are gathered this long and written together: they come in crowds and only the highest counts. */
const GATHER_MS = 50;
/** After a write that failed. */
const RETRY_MS = 1_000;

/** Places read at once while users' own devices are told: these reads are one turn of the event loop on one machine. */
const TOLD_AT_ONCE = 200;

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
    const news = newsOf(advances);
    for (const [conversationId, items] of byConversation(news)) {
      await this.#guarded(() => this.#tellOthers(conversationId, items));
    }
    const reads = news.filter((item) => item.read !== undefined);
    for (let from = 0; from < reads.length; from += TOLD_AT_ONCE) {
      await this.#guarded(() => this.#tellOwnDevices(reads.slice(from, from + TOLD_AT_ONCE)));
    }
  }

  /** News that cannot be told are lost: devices find them in their lists. */
  async #guarded(tell: () => Promise<void>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      this.#options.observer.fault({ where: 'receipt-news', error });
    }
  }

  /** What several have read of one conversation: its members are looked up once. */
  async #tellOthers(conversationId: string, items: readonly NewWatermarks[]): Promise<void> {
    const { delivery, toldMembers } = this.#options;
    const members = await toldMembers.of(conversationId, (tier) => tier.receipts === 'everyone');
    if (members === null) return;
    for (const item of items) {
      if (!members.includes(item.userId)) continue;
      const others = members.filter((userId) => userId !== item.userId);
      if (others.length > 0) await delivery.deliverReceipt(others, item);
    }
  }

  /** The users' other devices learn the new floor and what is unread above it at a head. */
  async #tellOwnDevices(items: readonly NewWatermarks[]): Promise<void> {
    const { access, cursors, delivery, log } = this.#options;
    const memberships = await access.memberships(items);
    const heads = await log.heads([...new Set(items.map(({ conversationId }) => conversationId))]);
    const watermarks = await cursors.get(items);
    const told = items.flatMap((item, index) => {
      const membership = memberships[index] ?? null;
      const head = heads.get(item.conversationId);
      if (membership === null || membership.to !== null || head === undefined) return [];
      return [{ item, head, floor: floorOf(membership, watermarks[index] ?? null, head) }];
    });
    const own = await log.countOwn(
      told.map(({ item: { conversationId, userId }, head, floor }) => ({
        conversationId,
        userId,
        aboveSequence: floor.sequence,
        throughSequence: head.sequence,
      })),
    );
    for (const [index, { item, head, floor }] of told.entries()) {
      const { conversationId, userId, read } = item;
      await delivery.deliverReceipt([userId], {
        conversationId,
        userId,
        ...(read === undefined ? {} : { read }),
        floor,
        unread: unreadCount(head.ordinal, floor.ordinal, own[index] ?? 0),
        headSequence: head.sequence,
        headOrdinal: head.ordinal,
      });
    }
  }
}

/** How far a user has come in a conversation, as others are told of it. */
interface NewWatermarks {
  readonly conversationId: string;
  readonly userId: string;
  delivered?: number;
  read?: number;
}

/** The highest of each kind at each place, whichever device said it. */
function newsOf(advances: readonly CursorAdvance[]): readonly NewWatermarks[] {
  const news = new Map<string, NewWatermarks>();
  for (const { conversationId, userId, kind, sequence } of advances) {
    const key = `${conversationId} ${userId}`;
    const item = news.get(key) ?? { conversationId, userId };
    item[kind] = Math.max(item[kind] ?? 0, sequence);
    news.set(key, item);
  }
  return [...news.values()];
}

function byConversation(news: readonly NewWatermarks[]): ReadonlyMap<string, readonly NewWatermarks[]> {
  const groups = new Map<string, NewWatermarks[]>();
  for (const item of news) {
    const group = groups.get(item.conversationId);
    if (group === undefined) groups.set(item.conversationId, [item]);
    else group.push(item);
  }
  return groups;
}
