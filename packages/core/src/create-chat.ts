import type {
  Accounts,
  Clock,
  ConversationLog,
  Cursors,
  Devices,
  Digest,
  EventsEnvelope,
  NodeBus,
  NodeDirectory,
  Observer,
  PasswordHasher,
  Random,
  SessionRegistry,
  Tokens,
  Views,
  WorkQueue,
} from '@confab/contracts';
import { ConfabError, operations } from '@confab/protocol';
import { Registration } from './accounts/accounts.ts';
import { SignIn } from './accounts/sign-in.ts';
import type { RateLimits } from './admission/rate-limits.ts';
import type { Caller, Chat } from './face/chat.ts';
import { Access, ConversationIds } from './membership/access.ts';
import { Conversations } from './conversations/conversations.ts';
import { headOf, Summaries } from './conversations/summaries.ts';
import type { DeliveryTier } from '@confab/conversation';
import { Delivery } from './delivery/delivery.ts';
import { LocalSessions } from './delivery/local-sessions.ts';
import { LossSweep } from './delivery/loss-sweep.ts';
import type { Planned } from './log/batch.ts';
import { storedOf } from './log/event-codec.ts';
import { LogReader } from './log/log-reader.ts';
import { TailCache } from './log/tail-cache.ts';
import { Writers } from './log/writers.ts';
import { admit, handlers, type Parts, type UserCaller } from './operations/handlers.ts';
import { Receipts } from './receipts/receipts.ts';
import { ToldMembers } from './membership/told-members.ts';
import { History } from './sync/history.ts';
import { Pages } from './sync/pages.ts';
import { Resume } from './sync/resume.ts';
import { Typing } from './typing/typing.ts';
import { FollowUps } from './work/follow-ups.ts';

/** All that the rules of chat need from the world. */
export interface ChatPorts {
  readonly node: { readonly nodeId: string; readonly bootId: string };
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly passwords: PasswordHasher;
  readonly tokens: Tokens;
  readonly observer: Observer;
  readonly rateLimits: RateLimits;
  readonly registration: 'open' | 'closed';
  readonly accessTokenMs: number;
  /** How conversations are delivered, by type and size. */
  readonly tiers: readonly DeliveryTier[];
}

const NOTHING = (): void => undefined;
const NOBODY: UserCaller = { kind: 'user', userId: '', deviceId: '' };

/** Puts the rules together over the ports. */
export function createChat(ports: ChatPorts): Chat {
  const { accounts, clock, cursors, digest, log, observer, random, rateLimits, tiers, views } = ports;
  const ids = new ConversationIds(digest);
  const access = new Access(views, ids);
  const stem = growStem(ports, ids);
  const { delivery, followUps, reader, sessions, sweep, tails, writers } = stem;
  const toldMembers = new ToldMembers(views, tiers);
  const receipts = new Receipts({ log, reader, cursors, access, toldMembers, delivery, clock, observer });
  const summaries = new Summaries({ log, views, accounts, receipts, access });
  const { registration: mode, passwords } = ports;
  const registration = new Registration({ accounts, passwords, clock, random, digest, registration: mode });
  const pages = new Pages({ log, views, reader, access, receipts, sessions, clock, tiers, toldMembers });
  const parts: Parts = {
    access,
    conversations: new Conversations({ writers, ids, views, registration, random }),
    history: new History(log, access),
    pages,
    random,
    rateLimits,
    receipts,
    registration,
    signIn: new SignIn({ ...ports, registration, delivery }),
    summaries,
    typing: new Typing({ access, toldMembers, delivery, rateLimits }),
    writers,
  };
  const onLanded = (conversationId: string): void => tellAgain(stem, observer, conversationId);
  const resume = new Resume({ log, reader, access, ids, summaries, pages, sessions, tiers, onLanded });
  return chatOf(ports, { parts, delivery, resume, sessions, followUps, sweep, tails, writers });
}

/** What every verb stands on: how commands become events, and how events come to sessions. */
interface Stem {
  readonly tails: TailCache;
  readonly reader: LogReader;
  readonly delivery: Delivery;
  readonly sessions: LocalSessions;
  readonly sweep: LossSweep;
  readonly writers: Writers;
  readonly followUps: FollowUps;
  /** Conversations that are being read because a send of unknown end has landed in them. */
  readonly landed: Set<string>;
}

function growStem(ports: ChatPorts, ids: ConversationIds): Stem {
  const { log, node, observer, views, work } = ports;
  const tails = new TailCache();
  const delivery = new Delivery(ports);
  const onFault = (error: unknown): void => observer.fault({ where: 'followed conversations', error });
  const sessions = new LocalSessions({ registry: ports.registry, log, views, node, onFault });
  const onCommitted = (planned: readonly Planned[]): void => {
    const [first] = planned;
    if (first === undefined) return;
    tails.append(
      first.event.conversationId,
      planned.map((item) => item.event),
    );
    delivery.deliver(planned);
    if (planned.some((item) => item.hasWork)) followUps.wake();
  };
  const writers = new Writers({
    ...ports,
    nodeId: node.nodeId,
    onCommitted,
    onRepeated: (state, sequence) => delivery.tell(state, sequence),
  });
  const followUps = new FollowUps({ ...ports, work, writers, ids });
  const sweep = new LossSweep({ ...ports, nodeId: node.nodeId, sessions });
  const landed = new Set<string>();
  return { landed, tails, reader: new LogReader(log, tails), delivery, sessions, sweep, writers, followUps };
}

/** A send has landed whose answer was lost; so may the event have been, with the node that committed it. */
function tellAgain({ delivery, writers, landed }: Stem, observer: Observer, conversationId: string): void {
  // A crowd that comes back after a node has died asks for the same few.
  if (landed.has(conversationId)) return;
  landed.add(conversationId);
  writers
    .stateOf(conversationId)
    .then((state) => {
      if (state !== null) delivery.tell(state, state.head.sequence);
    })
    .catch((error: unknown) => observer.fault({ where: 'landed', error }))
    .finally(() => landed.delete(conversationId));
}

interface Assembly {
  readonly parts: Parts;
  readonly resume: Resume;
  readonly sessions: LocalSessions;
  readonly delivery: Delivery;
  readonly followUps: FollowUps;
  readonly sweep: LossSweep;
  readonly tails: TailCache;
  readonly writers: Writers;
}

function chatOf(
  ports: ChatPorts,
  { parts, delivery, resume, sessions, followUps, sweep, tails, writers }: Assembly,
): Chat {
  const { bus, directory, log, node, observer } = ports;
  let unsubscribe = NOTHING;
  return {
    async handle(verb, caller, request, context) {
      const user = callerFor(operations[verb].access, caller);
      admit(ports.rateLimits, verb, user.userId);
      return await handlers[verb]({ parts, user, request, context });
    },
    authenticate: (token, deviceId) => parts.signIn.authenticate(token, deviceId),
    async attach(session) {
      await sessions.attach(session);
      // Whoever connects need not wait for its earlier self to end.
      delivery
        .deliverOpening(session)
        .catch((error: unknown) => observer.fault({ where: 'session opening', error }));
    },
    detach: (session) => sessions.detach(session),
    resume: (request, sink) => resume.run(request, sink),
    async headsFor(userId, conversationIds) {
      // The heads first: who is a member after they were read may know of them.
      const heads = await log.heads(conversationIds);
      const readable = await Promise.all(
        conversationIds.map(async (conversationId) => await parts.access.readable(conversationId, userId)),
      );
      const open = new Set(conversationIds.filter((_, index) => readable[index]?.to === null));
      const told = [...heads].filter(([conversationId]) => open.has(conversationId));
      return new Map(told.map(([conversationId, head]) => [conversationId, headOf(head)]));
    },
    async start() {
      unsubscribe = bus.subscribe(node.nodeId, (envelope) => {
        if (envelope.kind === 'events') keepTail(tails, envelope);
        const events = sessions.receive(envelope);
        if (events > 0) observer.delivered({ sockets: events, events: 1 });
      });
      await directory.join(node);
      followUps.start();
      sweep.start();
    },
    retire: () => directory.retire(node),
    async stop() {
      await directory.retire(node);
      await followUps.stop();
      await writers.stop();
      await delivery.stop();
      await sweep.stop();
      await parts.receipts.stop();
      await directory.leave(node);
      unsubscribe();
    },
  };
}

/** A crowd that comes back after a node has died reads tails from nodes that committed none of these events. */
function keepTail(tails: TailCache, envelope: EventsEnvelope): void {
  const last = envelope.deliveries.at(-1)?.sequence ?? 0;
  if (!tails.reaches(envelope.conversationId, last))
    tails.append(envelope.conversationId, storedOf(envelope));
}

/** The signed-in user a verb acts for. Who may ask is a row of the operations table. */
function callerFor(
  access: (typeof operations)[keyof typeof operations]['access'],
  caller: Caller,
): UserCaller {
  switch (access) {
    case 'anyone':
      return NOBODY;
    case 'server':
      if (caller.kind !== 'server') throw new ConfabError('unauthenticated');
      return NOBODY;
    case 'user':
    case 'member':
      if (caller.kind !== 'user') throw new ConfabError('unauthenticated');
      return caller;
  }
}
