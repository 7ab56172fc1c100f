import { describe, expect, test } from 'bun:test';
import { messageCommit } from './fixtures/message-commit.ts';
import { storeLimits } from './settings.ts';
import { decodeWrites, encodeAnswers, type FromWriter, type ToWriter } from './wire.ts';
import { WriterClient, WriteRefused } from './writer-client.ts';
import { linkToWorker } from './writer-link.ts';

/** A writer that does nothing of its own. */
class SilentWorker extends EventTarget {
  readonly sent: ToWriter[] = [];

  postMessage(message: ToWriter): void {
    this.sent.push(message);
  }

  terminate(): void {}

  say(data: FromWriter): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

const complete = (client: WriterClient, workId: string): Promise<null> =>
  client.write('complete', { workIds: [workId] });
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the serving end of the writer', () => {
  test('what is asked for in one turn goes over in one message, in order', async () => {
    const { worker, client } = setUp();
    void complete(client, 'one');
    await Promise.resolve();
    void complete(client, 'two');
    await nextTurn();
    void complete(client, 'three');
    await nextTurn();
    const batches = worker.sent.map((message) => decodeWrites(typeof message === 'string' ? message : '[]'));
    const ids = batches.map((batch) => batch.map(([, request]) => request));
    expect(ids).toEqual([[{ workIds: ['one'] }, { workIds: ['two'] }], [{ workIds: ['three'] }]]);
  });

  test('what an answer leads to goes over before anything that is begun after the answer', async () => {
    const { worker, client } = setUp();
    const { promise, resolve } = Promise.withResolvers<number>();
    const leads = complete(client, 'one').then(() => {
      setImmediate(() => resolve(worker.sent.length));
      return complete(client, 'two');
    });
    await nextTurn();
    worker.say(encodeAnswers([{ kind: 'done', result: null }]));
    expect(await promise).toBe(2);
    worker.say(encodeAnswers([{ kind: 'done', result: null }]));
    await leads;
  });

  test('[G8.1] what was answered waits no more: any amount passes, piece by piece', async () => {
    const { worker, client } = setUp();
    const megabyte = 'x'.repeat(1_024 * 1_024);
    for (let count = 0; count < 100; count += 1) {
      const asked = complete(client, megabyte);
      worker.say(encodeAnswers([{ kind: 'done', result: null }]));
      expect(await asked).toBeNull();
    }
  });

  test('answers go to the questions in order, over any grouping', async () => {
    const { worker, client } = setUp();
    const revoke = (deviceId: string): Promise<boolean> =>
      client.write('revoke', { userId: 'u', deviceId, atMs: 1 });
    const asked = [revoke('a'), revoke('b'), complete(client, 'c'), revoke('d')];
    worker.say(encodeAnswers([{ kind: 'done', result: true }]));
    worker.say(
      encodeAnswers([
        { kind: 'refused', reason: 'full' },
        { kind: 'done', result: null },
        { kind: 'fault', message: 'wrong' },
      ]),
    );
    const [first, second, third, fourth] = await Promise.allSettled(asked);
    expect(first).toEqual({ status: 'fulfilled', value: true });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', message: 'full' } });
    expect(third).toEqual({ status: 'fulfilled', value: null });
    expect(fourth).toMatchObject({ status: 'rejected', reason: { message: 'wrong' } });
  });

  test('beyond the most that may wait, writes are refused at once, until answers make room', async () => {
    const { worker, client } = setUp();
    const asked = Array.from({ length: storeLimits.waitingRequestsMax }, () => complete(client, 'x'));
    expect(await outcomeOf(complete(client, 'one too many'))).toBeInstanceOf(WriteRefused);
    worker.say(encodeAnswers([{ kind: 'done', result: null }]));
    await asked[0];
    const next = complete(client, 'there is room');
    worker.say(encodeAnswers(asked.map(() => ({ kind: 'done', result: null }))));
    expect(await next).toBeNull();
  });

  test('the same goes for their size', async () => {
    const { client } = setUp();
    const million = 1_000_000;
    const body = 'x'.repeat(million);
    const fitting = Math.floor(storeLimits.waitingCharactersMax / million);
    for (let index = 0; index < fitting; index += 1)
      void client.write('commit', messageCommit('g', index, body));
    expect(await outcomeOf(client.write('commit', messageCommit('g', fitting, body)))).toBeInstanceOf(
      WriteRefused,
    );
  });

  test.each(['fatal', 'error', 'close'] as const)(
    'after its end by "%s" nothing is ever answered',
    async (end) => {
      const { worker, client, fatal } = setUp();
      const settled: unknown[] = [];
      const note = (value: unknown): unknown => settled.push(value);
      void complete(client, 'before').then(note, note);
      if (end === 'fatal') worker.say({ kind: 'fatal', message: 'SQLITE_IOERR' });
      else worker.dispatchEvent(new Event(end));
      void complete(client, 'after').then(note, note);
      worker.say(encodeAnswers([{ kind: 'done', result: null }]));
      worker.dispatchEvent(new Event('close'));
      await nextTurn();
      expect(settled).toEqual([]);
      expect(fatal).toHaveLength(1);
    },
  );
});

function setUp(): { readonly worker: SilentWorker; readonly client: WriterClient; readonly fatal: Error[] } {
  const worker = new SilentWorker();
  const fatal: Error[] = [];
  const client = new WriterClient(linkToWorker(worker as unknown as Worker), (error) => fatal.push(error));
  return { worker, client, fatal };
}

async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}
