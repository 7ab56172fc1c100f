import { describe, expect, test } from 'bun:test';
import { SeededRandom } from '@confab/testkit';
import {
  type Place,
  unreadAfterEvent,
  unreadAfterRead,
  unreadAfterReadingAll,
  unreadCount,
  unreadFloor,
  unreadFrom,
  unreadOf,
  type UnreadState,
} from './index.ts';

const SEEDS = 2_000;
const STEPS = 80;

interface Entry extends Place {
  readonly kind: 'own' | 'other' | 'no message';
}

/** A log, one user's read position, and what the server would say of it at any head. */
class Server {
  readonly log: Entry[] = [{ sequence: 1, ordinal: 0, kind: 'no message' }];
  readonly joined: Place = { sequence: 1, ordinal: 0 };
  read: Place | null = null;

  get head(): Entry {
    return this.log.at(-1) as Entry;
  }

  get floor(): Place {
    const { sequence, ordinal } = unreadFloor(this.read, this.joined);
    return { sequence, ordinal };
  }

  append(kind: Entry['kind']): void {
    const { sequence, ordinal } = this.head;
    this.log.push({ sequence: sequence + 1, ordinal: ordinal + (kind === 'no message' ? 0 : 1), kind });
  }

  readTo(sequence: number): void {
    const entry = this.log[Math.min(sequence, this.head.sequence) - 1];
    if (entry !== undefined && entry.sequence > (this.read?.sequence ?? 0)) this.read = entry;
  }

  /** Counted one by one, up to a place. */
  byHand(floor: Place, through: number): number {
    return this.log.filter(
      ({ sequence, kind }) => kind === 'other' && sequence > floor.sequence && sequence <= through,
    ).length;
  }

  news(): { readonly floor: Place; readonly head: Place; readonly unread: number } {
    const { floor, head } = this;
    const own = this.log.filter((entry) => entry.kind === 'own' && entry.sequence > floor.sequence).length;
    return {
      floor,
      head: { sequence: head.sequence, ordinal: head.ordinal },
      unread: unreadCount(head.ordinal, floor.ordinal, own),
    };
  }
}

/** A device that follows the log at its own pace, and hears of what was read later than it happened. */
class Follower {
  #state: UnreadState;
  #applied: number;
  #mail: ReturnType<Server['news']>[] = [];
  #floor: Place;

  constructor(server: Server) {
    const { floor, head, unread } = server.news();
    this.#state = unreadFrom(floor, head, unread);
    this.#applied = head.sequence;
    this.#floor = floor;
  }

  post(news: ReturnType<Server['news']>): void {
    this.#mail.push(news);
  }

  step(server: Server, random: SeededRandom): void {
    const next = server.log[this.#applied];
    if (next !== undefined && random.chance(0.6)) {
      this.#state = unreadAfterEvent(this.#state, { ...next, ownMessage: next.kind === 'own' });
      this.#applied += 1;
    }
    const news = random.chance(0.5) ? this.#mail.shift() : undefined;
    if (news !== undefined) this.take(news);
  }

  take(news: ReturnType<Server['news']>): void {
    this.#state = unreadAfterRead(this.#state, news);
    if (news.floor.sequence > this.#floor.sequence) this.#floor = news.floor;
  }

  check(server: Server): void {
    const { head } = this.#state;
    expect(unreadOf(this.#state)).toBe(server.byHand(this.#floor, head.sequence));
    expect(this.#state.floor).toEqual(this.#floor);
  }

  level(server: Server): number {
    for (const news of this.#mail.splice(0)) this.take(news);
    for (; this.#applied < server.log.length; this.#applied++) {
      const next = server.log[this.#applied] as Entry;
      this.#state = unreadAfterEvent(this.#state, { ...next, ownMessage: next.kind === 'own' });
    }
    return unreadOf(this.#state);
  }
}

describe('unread', () => {
  test('[G6.1] [G6.2] on every device, by the formula and counted one by one: the same, at every moment', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new SeededRandom(seed);
      const server = new Server();
      for (let count = random.below(10); count > 0; count--)
        server.append(random.pick(['own', 'other', 'no message']));
      const followers = [new Follower(server), new Follower(server), new Follower(server)];
      for (let step = 0; step < STEPS; step++) {
        if (random.chance(0.5)) server.append(random.pick(['own', 'other', 'no message']));
        if (random.chance(0.15)) {
          server.readTo(random.below(server.head.sequence + 3));
          const news = server.news();
          for (const follower of followers) follower.post(news);
        }
        const { floor, head, unread } = server.news();
        expect(unread).toBe(server.byHand(floor, head.sequence));
        for (const follower of followers) {
          follower.step(server, random);
          follower.check(server);
        }
        if (random.chance(0.02)) followers[random.below(3)] = new Follower(server);
      }
      for (const follower of followers) expect(follower.level(server)).toBe(server.news().unread);
    }
  });

  test('[G6.2] own messages and changes of members never raise it', () => {
    const start = unreadFrom({ sequence: 1, ordinal: 0 }, { sequence: 3, ordinal: 2 }, 2);
    const own = unreadAfterEvent(start, { sequence: 4, ordinal: 3, ownMessage: true });
    const joined = unreadAfterEvent(own, { sequence: 5, ordinal: 3, ownMessage: false });
    expect([start, own, joined].map(unreadOf)).toEqual([2, 2, 2]);
    expect(unreadOf(unreadAfterEvent(joined, { sequence: 6, ordinal: 4, ownMessage: false }))).toBe(3);
  });

  test('[G6.3] the floor does not go back, and an old event changes nothing', () => {
    const start = unreadFrom({ sequence: 4, ordinal: 3 }, { sequence: 6, ordinal: 5 }, 2);
    const older = { floor: { sequence: 2, ordinal: 1 }, head: { sequence: 6, ordinal: 5 }, unread: 4 };
    expect(unreadAfterRead(start, older)).toEqual(start);
    expect(unreadAfterEvent(start, { sequence: 6, ordinal: 5, ownMessage: false })).toEqual(start);
  });

  test('reading all leaves nothing', () => {
    const start = unreadFrom({ sequence: 4, ordinal: 3 }, { sequence: 6, ordinal: 5 }, 2);
    expect(unreadOf(unreadAfterReadingAll(start))).toBe(0);
    const withOwn = unreadFrom({ sequence: 4, ordinal: 3 }, { sequence: 7, ordinal: 6 }, 1);
    const all = unreadAfterReadingAll(withOwn);
    expect(unreadOf(unreadAfterEvent(all, { sequence: 8, ordinal: 7, ownMessage: false }))).toBe(1);
  });

  test('the floor is the later of what was read and the latest join', () => {
    const [early, late] = [
      { sequence: 2, ordinal: 1 },
      { sequence: 9, ordinal: 5 },
    ];
    expect(unreadFloor(null, early)).toBe(early);
    expect(unreadFloor(late, early)).toBe(late);
    expect(unreadFloor(early, late)).toBe(late);
  });

  test('counts never go below zero', () => {
    expect(unreadCount(3, 3, 0)).toBe(0);
    expect(unreadCount(3, 5, 0)).toBe(0);
  });
});
