import { HttpClient, makeUser } from '../http-client.ts';
import { tokenFor } from '../jwt.ts';
import { ServerProcess } from '../server-process.ts';
import { closeAll, type LoadSocket, openAll } from './load-socket.ts';
import { processorUs, ratesOf, residentBytes } from './process-meter.ts';

const BODY = 'x'.repeat(200);
const MEASURED_MS = 4000;
const WARM_MS = 1000;

/**
 * What is loaded: a server, the gateways of a fleet, or the bare server (`isBare`), which takes the same sockets. Sockets
 * go to the `urls` in turn; the time and memory measured are those of `pids` together.
 */
export type Target = {
  readonly urls: readonly string[];
  readonly pids: readonly number[];
  readonly isBare: boolean;
};

/** One line of the table. `unit` says what the rate and the processor time are per. */
export type Row = {
  readonly what: string;
  readonly perSecond: number;
  readonly unit: string;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly processorUs?: number;
  readonly remark?: string;
};

/** Where HTTP goes that is not measured. */
export function urlOf({ urls }: Target): string {
  const [first] = urls;
  if (first === undefined) throw new Error('nothing to load');
  return first;
}

export function subjects(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

export function httpOf(baseUrl: string, subject: string): HttpClient {
  return new HttpClient(
    () => baseUrl,
    () => tokenFor(subject),
  );
}

type Lane = { readonly socket: LoadSocket; readonly conversationId: string; readonly window: number };

const ACCEPTED = '{"type":"message_accepted"';

/** Keeps `window` sends unanswered on every lane and counts the answers of the measured time. */
export async function drive(
  lanes: readonly Lane[],
  target: Target,
): Promise<{ row: Omit<Row, 'what' | 'unit'>; heard: number }> {
  const latencies: number[] = [];
  let heard = 0;
  let measuring = false;
  let isOver = false;
  for (const { socket, conversationId, window } of lanes) {
    const startedAt: number[] = [];
    const frame = (): string =>
      `{"type":"send_message","conversationId":"${conversationId}","clientMessageId":"${crypto.randomUUID()}","body":"${BODY}"}`;
    const send = (): void => {
      if (isOver) return;
      startedAt.push(performance.now());
      socket.socket.send(frame());
    };
    socket.onText = (text) => {
      if (text.startsWith('{"type":"error"')) throw new Error(text);
      const isAnswer = target.isBare ? text.startsWith('{"type":"send_message"') : text.startsWith(ACCEPTED);
      if (!isAnswer) {
        heard += 1;
        return;
      }
      const saidAt = startedAt.shift() ?? 0;
      if (measuring) latencies.push(performance.now() - saidAt);
      send();
    };
    for (let index = 0; index < window; index += 1) send();
  }
  await Bun.sleep(WARM_MS);
  const usedBefore = processorUs(target.pids);
  const fromMs = performance.now();
  heard = 0;
  measuring = true;
  await Bun.sleep(MEASURED_MS);
  measuring = false;
  const tookMs = performance.now() - fromMs;
  const used = processorUs(target.pids) - usedBefore;
  isOver = true;
  const rates = ratesOf(Float64Array.from(latencies), tookMs);
  return { row: { ...rates, processorUs: used / latencies.length }, heard };
}

/** Pairs in direct conversations, both talking, one message unanswered each. */
export async function measurePairs(target: Target, pairs: number): Promise<Row> {
  const names = subjects('pair', pairs * 2);
  const sockets = await openAll(target.urls, target.isBare ? names.map(() => null) : names, 64);
  const ids = target.isBare
    ? []
    : await Promise.all(names.map(async (name) => makeUser(urlOf(target), name)));
  const lanes: Lane[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = names[pair * 2] ?? '';
    const conversationId = target.isBare
      ? 'dnone'
      : (await httpOf(urlOf(target), first).createDirect(ids[pair * 2 + 1] ?? '')).conversationId;
    for (const socket of sockets.slice(pair * 2, pair * 2 + 2))
      lanes.push({ socket, conversationId, window: 1 });
  }
  const { row } = await drive(lanes, target);
  await closeAll(sockets);
  const what = target.isBare ? 'bare echo, 200 sockets, closed loop' : 'durable 1:1, 100 pairs, closed loop';
  return { what, unit: 'sends', ...row };
}

/** One group in which all members talk, with several messages unanswered each. */
export async function measureHot(target: Target, senders: number, window: number): Promise<Row> {
  const names = subjects('hot', senders);
  const ids = await Promise.all(names.map(async (name) => makeUser(urlOf(target), name)));
  const { conversationId } = await httpOf(urlOf(target), names[0] ?? '').createGroup(ids.slice(1));
  const sockets = await openAll(target.urls, names, 50);
  const { row, heard } = await drive(
    sockets.map((socket) => ({ socket, conversationId, window })),
    target,
  );
  await closeAll(sockets);
  const remark = `${Math.round((heard / MEASURED_MS) * 1000)} deliveries/s besides`;
  return {
    what: `one hot conversation, ${senders} senders, window ${window}`,
    unit: 'sends',
    ...row,
    remark,
  };
}

/** One sender, `members` online readers: from the first send to the last delivery. */
export async function measureFanOut(target: Target, members: number, messages: number): Promise<Row> {
  const names = subjects('fan', members);
  let conversationId = '';
  if (!target.isBare) {
    const ids: string[] = [];
    for (let at = 0; at < names.length; at += 100) {
      const some = names.slice(at, at + 100);
      ids.push(...(await Promise.all(some.map(async (name) => makeUser(urlOf(target), name)))));
    }
    const owner = httpOf(urlOf(target), names[0] ?? '');
    conversationId = (await owner.createGroup(ids.slice(1, 100))).conversationId;
    for (let at = 100; at < ids.length; at += 200)
      await owner.addMembers(conversationId, ids.slice(at, at + 200));
  }
  const sockets = await openAll(target.urls, target.isBare ? names.map(() => null) : names, 128);
  const [speaker] = sockets;
  if (speaker === undefined) throw new Error('nobody speaks');
  const done = Promise.withResolvers<void>();
  let heard = 0;
  let sent = 0;
  const send = (): void => {
    if (sent >= messages) return;
    sent += 1;
    const clientMessageId = crypto.randomUUID();
    const frame = { type: 'send_message', conversationId, clientMessageId, body: BODY };
    speaker.socket.send(target.isBare ? `all${JSON.stringify(frame)}` : JSON.stringify(frame));
  };
  for (const socket of sockets) {
    socket.onText = (text) => {
      if (text.startsWith('{"type":"error"')) done.reject(new Error(text));
      const isDelivery = text.startsWith('{"type":"message_event"') || text.startsWith('all');
      if (isDelivery && (heard += 1) === messages * members) done.resolve();
      if (socket === speaker && (text.startsWith(ACCEPTED) || text.startsWith('all'))) send();
    };
  }
  const usedBefore = processorUs(target.pids);
  const fromMs = performance.now();
  for (let window = 0; window < 4; window += 1) send();
  await done.promise;
  const tookMs = performance.now() - fromMs;
  const used = (processorUs(target.pids) - usedBefore) / heard;
  await closeAll(sockets);
  const what = `${target.isBare ? 'bare publish' : 'fan-out'} to ${members} online, window 4`;
  return { what, unit: 'deliveries', perSecond: (heard / tookMs) * 1000, processorUs: used };
}

/** Upgrade, authenticate, ready, heads, caught_up; the bare server's ends with its hello. */
export async function measureConnects(target: Target, count: number, what: string): Promise<Row> {
  const names = target.isBare ? Array.from({ length: count }, () => null) : subjects('conn', count);
  const usedBefore = processorUs(target.pids);
  const fromMs = performance.now();
  const sockets = await openAll(target.urls, names, 128);
  const tookMs = performance.now() - fromMs;
  const used = (processorUs(target.pids) - usedBefore) / count;
  await closeAll(sockets);
  return { what, unit: 'connections', perSecond: (count / tookMs) * 1000, processorUs: used };
}

/** Memory for each connection that is authenticated and does nothing. */
export async function measureIdle(target: Target, count: number): Promise<Row> {
  const names = target.isBare ? Array.from({ length: count }, () => null) : subjects('idle', count);
  const before = residentBytes(target.pids);
  const fromMs = performance.now();
  const sockets = await openAll(target.urls, names, 128);
  const perSecond = (count / (performance.now() - fromMs)) * 1000;
  await Bun.sleep(WARM_MS);
  const each = (residentBytes(target.pids) - before) / count;
  await closeAll(sockets);
  const remark = `${(each / 1024).toFixed(1)} KiB RSS per connection (${(before / 1_048_576).toFixed(0)} MiB before)`;
  return {
    what: `${target.isBare ? 'bare' : 'confab'}: ${count} idle connections`,
    unit: 'connections',
    perSecond,
    remark,
  };
}

/** From the start of the process on an empty folder to the acknowledgement of the first message. */
export async function measureStart(): Promise<Row> {
  const fromMs = performance.now();
  await using server = await ServerProcess.start();
  const addressMs = performance.now() - fromMs;
  const http = httpOf(server.baseUrl, 'first');
  const { conversationId } = await http.createGroup([]);
  const body = { clientMessageId: crypto.randomUUID(), body: BODY };
  await http.post(`/v1/conversations/${conversationId}/messages`, body);
  const tookMs = performance.now() - fromMs;
  const remark = `${tookMs.toFixed(0)} ms to the first accepted message, ${addressMs.toFixed(0)} ms to ready`;
  return { what: 'start on an empty folder', unit: 'starts', perSecond: 1000 / tookMs, remark };
}
