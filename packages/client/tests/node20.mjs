// The built SDK on plain Node: registers, logs in, sends, receives, reconnects, and survives its own end.
//
//   npm run build -w packages/client
//   node packages/client/tests/node20.mjs http://127.0.0.1:8080 [websocket | stream | poll]
//
// Exits with 0 and one line a step where all holds. Uses two fresh accounts each time.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@confab/client';
import { fileStorage } from '@confab/client/node';

const WAIT_MS = 15_000;
const [url = 'http://127.0.0.1:8080', transport = 'auto'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'confab-node-'));

/** Resolves once `isTrue` holds for the observable; rejects with what it last was. */
function until(observable, isTrue, what) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!isTrue(observable.get())) return;
      clearTimeout(timer);
      leave();
      resolve(observable.get());
    };
    // tidy-allow-sleep: a deadline; what is waited for is an event.
    const timer = setTimeout(() => {
      leave();
      reject(new Error(`${what} did not come: ${JSON.stringify(observable.get())}`));
    }, WAIT_MS);
    const leave = observable.subscribe(look);
    queueMicrotask(look);
  });
}

const step = (text) => process.stdout.write(`ok ${text}\n`);
const isLive = ({ kind }) => kind === 'live';
const bodies = ({ items }) => items.filter(({ kind }) => kind === 'message').map(({ body }) => body);
const openAs = (name) => {
  const storage = fileStorage(join(folder, `${name}.jsonl`));
  return createClient({ url, clientName: 'node20/1', transport, storage });
};

async function enter(name) {
  const client = openAs(name);
  const username = `${name}_${crypto.randomUUID().slice(0, 8)}`;
  await client.account.register({ username, password: 'correct horse battery', displayName: name });
  await client.account.logIn({ username, password: 'correct horse battery' });
  await until(client.connection.state, isLive, `${name} live`);
  return client;
}

async function main() {
  const alice = await enter('alice');
  let bob = await enter('bob');
  const bobId = bob.account.session.get().userId;
  step(`logged in over ${alice.connection.state.get().transport}`);

  const { conversationId } = await alice.conversations.startDirect(bobId);
  const sent = alice.timeline(conversationId);
  const watching = [sent.subscribe(() => undefined)];
  for (let n = 1; n <= 20; n++) void sent.send(`message ${n}`);
  await until(bob.conversations, ({ unread }) => unread === 20, '20 unread');
  const got = bob.timeline(conversationId);
  watching.push(got.subscribe(() => undefined));
  const view = await until(got, (now) => bodies(now).length === 20, '20 messages');
  assert.deepEqual(
    bodies(view),
    Array.from({ length: 20 }, (_, n) => `message ${n + 1}`),
  );
  step('20 messages arrived in order, once');

  got.markRead(view.items.at(-1).sequence);
  await until(sent, ({ items }) => items.at(-1).state.kind === 'read', 'read');
  assert.equal(bob.conversations.get().unread, 0);
  step('they were read');

  bob.connection.close();
  await sent.send('while you were away');
  await until(sent, ({ items }) => items.at(-1).state.kind === 'sent', 'sent');
  void got.send('written without a connection');
  await until(got, ({ items }) => items.at(-1).state.kind === 'queued', 'queued');
  // The process ends here as far as Bob's client is concerned; another begins on the same file.
  await bob.close();
  bob = openAs('bob');
  bob.connection.connect();
  const again = bob.timeline(conversationId);
  watching.push(again.subscribe(() => undefined));
  await until(again, (now) => bodies(now).includes('while you were away'), 'the missed message');
  const end = await until(
    sent,
    (now) => bodies(now).includes('written without a connection'),
    'the kept message',
  );
  assert.equal(bodies(end).length, 22);
  assert.equal(new Set(bodies(end)).size, 22);
  await until(bob.pendingCount, (count) => count === 0, 'an empty queue');
  step('missed and kept messages came through a restart');

  for (const leave of watching) leave();
  await bob.account.logOut();
  assert.equal(bob.account.session.get().kind, 'signed_out');
  await Promise.all([alice.close(), bob.close()]);
  step('logged out and closed');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`not ok ${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
