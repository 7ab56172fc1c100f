import type { Envelope, NodeBus } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import type { ClusterFault } from '../cluster-fault.ts';
import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { RedisDirectory } from '../node/redis-directory.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import { isKnownEnvelope } from './envelope-kinds.ts';
import { type Frame, formatFrame, parseFrame } from './frame.ts';
import { InboundLink } from './inbound-link.ts';
import { bootIdOfLink, linkName } from './link-name.ts';
import { LossBell } from './loss-bell.ts';
import { Mailbox } from './mailbox.ts';
import { OutboundLink } from './outbound-link.ts';
import { Outbox } from './outbox.ts';
import { Requests } from './requests.ts';
import { absent, Responder } from './responder.ts';
import { parseTalk } from './talk.ts';

/** Instead of a frame's number: the publisher has nothing of this link and never will. */
const EVERYTHING = Number.MAX_SAFE_INTEGER;
const REDIS_AWAY = 'redis';
const PLACE_TAKEN = 'place';
const NODE_LOST = 'node';

export interface BusOptions {
  readonly nodeId: string;
  readonly bootId: string;
  readonly path: Pick<RedisPath, 'isUp' | 'publish'>;
  readonly directory: Pick<RedisDirectory, 'live' | 'hasPlace'>;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
  /** Its time is that of the clock that `tick` is told. */
  readonly environment: Pick<Environment, 'nowMs' | 'afterTurn'>;
  readonly onFault: (fault: ClusterFault) => void;
}

/**
 * Envelopes over Redis Pub/Sub, which forgets: so each way from node to node is numbered, and the receiver notices and
 * asks for what is missing. What a node publishes to itself does not leave the process.
 */
export class RedisBus implements NodeBus {
  readonly #options: BusOptions;
  readonly #mailbox: Mailbox;
  readonly #bell: LossBell;
  readonly #responder: Responder;
  readonly #requests: Requests;
  readonly #outbox: Outbox;
  /** By the node each leads to. */
  readonly #outbound = new Map<string, OutboundLink>();
  /** By the link's own name. */
  readonly #inbound = new Map<string, InboundLink>();
  /** Nodes whose lease ended without a word, and when. */
  readonly #lost = new Map<string, number>();
  #resubscribedAtMs = -Infinity;
  #linkCount = 0;
  #passedOver = 0;
  /** The envelope that was encoded last, which nobody may alter: one goes to many nodes. */
  #encoded: { readonly envelope: Envelope | null; readonly json: string } = { envelope: null, json: '' };

  constructor(options: BusOptions) {
    this.#options = options;
    const { settings, onFault } = options;
    this.#mailbox = new Mailbox(onFault);
    this.#bell = new LossBell(settings.lossEveryMs, onFault);
    this.#responder = new Responder(onFault);
    this.#requests = new Requests(options);
    this.#outbox = new Outbox({ ...options, onUnsent: (ids) => this.#requests.unsent(ids) });
  }

  publish(nodeId: string, envelope: Envelope): void {
    if (nodeId === this.#options.nodeId) {
      if (isKnownEnvelope(envelope)) this.#mailbox.post(envelope);
      return;
    }
    if (this.#encoded.envelope !== envelope) this.#encoded = { envelope, json: JSON.stringify(envelope) };
    this.#outbox.add(nodeId, this.#linkTo(nodeId), this.#encoded.json);
  }

  subscribe(nodeId: string, receiver: (envelope: Envelope) => void): () => void {
    this.#assertOwn(nodeId);
    return this.#mailbox.subscribe(receiver);
  }

  onLoss(nodeId: string, listener: () => void): () => void {
    this.#assertOwn(nodeId);
    return this.#bell.listen(listener);
  }

  async request(nodeId: string, request: unknown): Promise<unknown> {
    if (nodeId === this.#options.nodeId) return await this.#responder.answer(request);
    const { path, directory } = this.#options;
    if (!path.isUp || !directory.live().includes(nodeId)) throw absent();
    const { id, answer } = this.#requests.begin(nodeId);
    this.#outbox.talk(nodeId, ['ask', id, request]);
    return await answer;
  }

  respond(nodeId: string, responder: (request: unknown) => Promise<unknown>): () => void {
    this.#assertOwn(nodeId);
    return this.#responder.respond(responder);
  }

  /** How far each link is, for tests and for a look from outside. */
  stats(): BusStats {
    return {
      sent: [...this.#outbound].map(([nodeId, { link, counter }]) => ({ nodeId, link, counter })),
      received: [...this.#inbound].map(([link, { publisherId, counter }]) => ({
        nodeId: publisherId,
        link,
        counter,
      })),
      pendingRequests: this.#requests.size,
      passedOver: this.#passedOver,
    };
  }

  /** Takes what came over the channel of this node. */
  hear(text: string): void {
    const frame = parseFrame(text);
    if (frame === null) {
      this.#passOver('a frame of another version');
      return;
    }
    const nowMs = this.#options.environment.nowMs();
    switch (frame.kind) {
      case 'data':
        this.#linkFrom(frame).frame(frame.counter, frame.body, nowMs);
        return;
      case 'beat':
        this.#linkFrom(frame).beat(frame.counter, frame.dueMs, nowMs);
        return;
      case 'lack':
        this.#resend(frame);
        return;
      case 'gone':
        if (frame.upTo === EVERYTHING) {
          this.#dropInbound(frame.link);
          this.#bell.ring();
        } else this.#inbound.get(frame.link)?.gone(frame.upTo, nowMs);
        return;
      case 'talk':
        this.#hearTalk(frame.from, frame.body);
        return;
    }
  }

  tick(nowMs: number): void {
    this.#tickOutbound(nowMs);
    this.#tickInbound(nowMs);
    this.#tickLost(nowMs);
    this.#requests.tick(nowMs);
    this.#bell.tick(nowMs);
  }

  pathUp(): void {
    const nowMs = this.#options.environment.nowMs();
    if (this.#bell.end(REDIS_AWAY)) this.#bell.ring();
    for (const [nodeId, link] of this.#outbound) this.#outbox.send(nodeId, link.beatNow(nowMs));
    for (const link of this.#inbound.values()) link.reopened(nowMs);
  }

  pathDown(): void {
    this.#bell.begin(REDIS_AWAY);
    this.#requests.cutOff();
  }

  /** What was published while it was not subscribed did not arrive; so answers may be lost, and frames are asked for. */
  resubscribed(): void {
    const nowMs = this.#options.environment.nowMs();
    this.#resubscribedAtMs = nowMs;
    this.#requests.cutOff();
    for (const link of this.#inbound.values()) link.reopened(nowMs);
  }

  /** All rows are in the registry again; while they were not, envelopes may have gone past this node. */
  rebuilt(): void {
    this.#bell.ring();
  }

  /** While another process has the place of this node, what is for its sessions goes there. */
  placed(isTaken: boolean): void {
    if (isTaken) this.#bell.begin(PLACE_TAKEN);
    else this.#bell.end(PLACE_TAKEN);
  }

  /** It may live on, cut off, and publish what nobody hears: told until it is back, if that is soon. */
  nodeLost(nodeId: string): void {
    this.#bell.ring();
    this.#lost.set(nodeId, this.#options.environment.nowMs());
    this.#forgetNode(nodeId);
  }

  /** A link that it left behind with a hole is repaired or given up like any other. */
  nodeLeft(nodeId: string): void {
    const { settings, environment } = this.#options;
    // A link of which no word came since this node listens again would not show what it lacks.
    const isHeard =
      environment.nowMs() - this.#resubscribedAtMs > settings.idleBeatEveryMs + settings.silenceMs;
    if (!isHeard) this.#bell.ring();
    this.#forgetNode(nodeId);
  }

  /** Each receiver hears how far its link is before it hears that this node left, so that it notices what it lacks. */
  close(): void {
    this.#requests.cutOff();
    this.#outbox.sendLast(this.#outbound);
  }

  #tickOutbound(nowMs: number): void {
    const { path, directory, settings } = this.#options;
    const live = directory.live();
    for (const [nodeId, link] of this.#outbound) {
      const beat = link.beat(nowMs);
      if (beat !== null) this.#outbox.send(nodeId, beat);
      // While Redis is away every node looks dead, and what is lost meanwhile has to be told of later.
      const isDead = path.isUp && !live.includes(nodeId);
      if (isDead && link.idleMs(nowMs) > settings.forgetLinkMs) this.#outbound.delete(nodeId);
    }
  }

  #tickInbound(nowMs: number): void {
    const { path, settings } = this.#options;
    for (const [name, link] of this.#inbound) {
      // While it cannot ask, a hole may still be filled; that something may be lost is told all the time.
      if (path.isUp) link.tick(nowMs);
      const silentMs = link.silentMs(nowMs);
      const isLate = silentMs > settings.silenceMs && path.isUp && this.#isExpected(name, link);
      if (silentMs > settings.forgetLinkMs) this.#dropInbound(name);
      else if (isLate) this.#bell.begin(name);
      else this.#bell.end(name);
    }
  }

  #tickLost(nowMs: number): void {
    const { directory, settings } = this.#options;
    const live = directory.live();
    for (const [nodeId, lostAtMs] of this.#lost)
      if (live.includes(nodeId) || nowMs - lostAtMs > settings.lostNodeMs) this.#lost.delete(nodeId);
    if (this.#lost.size > 0) this.#bell.begin(NODE_LOST);
    else this.#bell.end(NODE_LOST);
  }

  /**
   * The way to it begins anew, for whoever has its place next. The links from it stay until they are forgotten: who
   * dropped one would take again what comes of it once more.
   */
  #forgetNode(nodeId: string): void {
    this.#requests.nodeGone(nodeId);
    const link = this.#outbound.get(nodeId);
    if (link === undefined) return;
    this.#outbox.flush();
    this.#outbound.delete(nodeId);
    this.#outbox.send(nodeId, this.#goneFrame(link.link, EVERYTHING));
  }

  /** Whether more has to come of a link: not of one whose publisher is no more, or has lost its place to another run. */
  #isExpected(name: string, { publisherId }: InboundLink): boolean {
    return this.#options.directory.hasPlace(publisherId, bootIdOfLink(name));
  }

  #goneFrame(link: string, upTo: number): string {
    return formatFrame({ kind: 'gone', from: this.#options.nodeId, link, upTo });
  }

  #linkTo(nodeId: string): OutboundLink {
    let link = this.#outbound.get(nodeId);
    if (link === undefined) {
      const { nodeId: from, bootId, settings, environment } = this.#options;
      this.#linkCount += 1;
      link = new OutboundLink(from, linkName(bootId, this.#linkCount), settings, environment.nowMs());
      this.#outbound.set(nodeId, link);
    }
    return link;
  }

  #linkFrom({ from, link: name }: { readonly from: string; readonly link: string }): InboundLink {
    let link = this.#inbound.get(name);
    if (link === undefined) {
      const { nodeId, settings, environment } = this.#options;
      const peer = {
        deliver: (body: string): void => this.#deliver(body),
        lack: (first: number, last: number): void =>
          this.#outbox.send(from, formatFrame({ kind: 'lack', from: nodeId, link: name, first, last })),
        lost: (): void => this.#bell.ring(),
      };
      link = new InboundLink(from, peer, settings, environment.nowMs());
      this.#inbound.set(name, link);
    }
    return link;
  }

  #dropInbound(name: string): void {
    this.#inbound.delete(name);
    this.#bell.end(name);
  }

  #resend({ from, link: name, first, last }: Frame & { readonly kind: 'lack' }): void {
    const link = this.#outbound.get(from);
    if (link?.link !== name) {
      this.#outbox.send(from, this.#goneFrame(name, EVERYTHING));
      return;
    }
    const { texts, goneUpTo } = link.resend(first, last);
    if (goneUpTo !== null) this.#outbox.send(from, this.#goneFrame(name, goneUpTo));
    for (const text of texts) this.#outbox.send(from, text);
    this.#outbox.send(from, link.beatNow(this.#options.environment.nowMs()));
  }

  #deliver(body: string): void {
    const envelopes = parseList(body);
    if (envelopes === null) this.#passOver('a frame that is no list');
    for (const envelope of envelopes ?? []) {
      if (isKnownEnvelope(envelope)) this.#mailbox.deliver(envelope);
      else this.#passOver('an envelope of an unknown kind');
    }
  }

  #hearTalk(from: string, body: string): void {
    const words = parseList(body);
    if (words === null) this.#passOver('a talk that is no list');
    for (const one of words ?? []) {
      const word = parseTalk(one);
      if (word === null) {
        this.#passOver('a word of an unknown kind');
        continue;
      }
      switch (word[0]) {
        case 'ask':
          void this.#answer(from, word[1], word[2]);
          break;
        case 'answer':
          this.#requests.answered(word[1], word[2]);
          break;
        case 'refuse':
          this.#requests.refused(word[1], word[2], word[3]);
          break;
      }
    }
  }

  async #answer(from: string, id: string, request: unknown): Promise<void> {
    try {
      this.#outbox.talk(from, ['answer', id, await this.#responder.answer(request)]);
    } catch (error) {
      const { code, message } = error instanceof ConfabError ? error : new ConfabError('internal');
      this.#outbox.talk(from, ['refuse', id, code, message]);
    }
  }

  /** Told the first time; a fleet of two versions would tell it without end. */
  #passOver(what: string): void {
    this.#passedOver += 1;
    if (this.#passedOver > 1) return;
    this.#options.onFault({ where: 'cluster-redis/bus/frame', error: new Error(`Passed over ${what}.`) });
  }

  #assertOwn(nodeId: string): void {
    if (nodeId !== this.#options.nodeId) throw new Error(`This is the bus of node ${this.#options.nodeId}.`);
  }
}

export interface BusStats {
  readonly sent: readonly LinkStats[];
  readonly received: readonly LinkStats[];
  readonly pendingRequests: number;
  /** Frames and envelopes of another version. */
  readonly passedOver: number;
}

interface LinkStats {
  /** The other end. */
  readonly nodeId: string;
  readonly link: string;
  /** The last frame, in order. */
  readonly counter: number;
}

function parseList(body: string): unknown[] | null {
  try {
    const list: unknown = JSON.parse(body);
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}
