import { makeUser } from '../http-client.ts';
import { closeAll, openAll } from './load-socket.ts';
import { processorUs, ratesOf } from './process-meter.ts';
import { drive, httpOf, type Row, subjects, type Target, urlOf } from './rows.ts';

const AT_ONCE = 20;

/** As many groups of one person as wanted, with one message unanswered in each. */
export async function measureMany(target: Target, conversations: number): Promise<Row> {
  const names = subjects('many', conversations);
  const ids: string[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const made = names.slice(at, at + AT_ONCE).map(async (name) => {
      await makeUser(urlOf(target), name);
      return (await httpOf(urlOf(target), name).createGroup([])).conversationId;
    });
    ids.push(...(await Promise.all(made)));
  }
  const sockets = await openAll(target.urls, names, 50);
  const lanes = sockets.map((socket, at) => ({ socket, conversationId: ids[at] ?? '', window: 1 }));
  const { row } = await drive(lanes, target);
  await closeAll(sockets);
  return { what: `${conversations} conversations, closed loop`, unit: 'sends', ...row };
}

/** From saying a message to its arrival at the other of a pair, one after the other. */
export async function measureDelivery(
  target: Target,
  { from, to, messages }: { readonly from: number; readonly to: number; readonly messages: number },
): Promise<Row> {
  const names = [`from${from}${to}`, `to${from}${to}`];
  const urls = [from, to].map((at) => target.urls[at] ?? '');
  const ids = await Promise.all(names.map(async (name) => makeUser(urlOf(target), name)));
  const { conversationId } = await httpOf(urlOf(target), names[0] ?? '').createDirect(ids[1] ?? '');
  const sockets = await openAll(urls, names, 2);
  const [speaker, reader] = sockets;
  if (speaker === undefined || reader === undefined) throw new Error('two sockets');
  const latencies: number[] = [];
  const usedBefore = processorUs(target.pids);
  const fromMs = performance.now();
  for (let said = 0; said < messages; said += 1) {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    reader.onText = (text) => {
      if (text.startsWith('{"type":"message_event"')) resolve();
    };
    const saidAtMs = performance.now();
    const frame = { type: 'send_message', conversationId, clientMessageId: crypto.randomUUID(), body: 'm' };
    speaker.socket.send(JSON.stringify(frame));
    await arrived;
    latencies.push(performance.now() - saidAtMs);
  }
  const tookMs = performance.now() - fromMs;
  const used = (processorUs(target.pids) - usedBefore) / messages;
  await closeAll(sockets);
  const where = from === to ? 'the same gateway' : 'another gateway';
  const what = `send to arrival at ${where}, one at a time`;
  return { what, unit: 'messages', ...ratesOf(Float64Array.from(latencies), tookMs), processorUs: used };
}
