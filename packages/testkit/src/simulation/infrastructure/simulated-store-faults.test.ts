import { describe, expect, test } from 'bun:test';
import type { CommitOutcome } from '@confab/contracts';
import { SeededRandom } from '../../seeded-random.ts';
import { commitOf, CONVERSATION, StoreScene } from './store-scene.ts';

const SEEDS = Array.from({ length: 40 }, (_, at) => at + 1);
const unknown = { kind: 'unknown', reason: 'the store does not answer' } satisfies CommitOutcome;
const unavailable = { ...unknown, kind: 'unavailable' } satisfies CommitOutcome;
const committed = { kind: 'committed' } satisfies CommitOutcome;

describe('simulated store: weather', () => {
  test('a call takes its time there and back, and is carried out in between', async () => {
    for (const seed of SEEDS) {
      const scene = new StoreScene(seed, { latencyMs: { from: 10, to: 20 } });
      const { ports } = scene.run('a/1');
      const commit = scene.commit(ports, 0, 'one');
      await scene.advance(9);
      expect(await scene.durable()).toEqual([]);
      await scene.advance(11);
      expect(await scene.durable()).toEqual(['one']);
      await scene.advance(20);
      expect(commit.answer).toEqual(committed);
      expect(commit.atMs).toBeWithin(20, 41);
    }
  });

  test('calls of a run to one conversation arrive in their order, those of two runs in any', async () => {
    let overtaken = 0;
    for (const seed of SEEDS) {
      const scene = new StoreScene(seed, { latencyMs: { from: 0, to: 50 } });
      const [one, other] = [scene.run('a/1').ports, scene.run('b/1').ports];
      const ids = ['first', 'second', 'third', 'fourth'];
      for (const [at, id] of ids.entries()) void one.log.commit(commitOf(at, id));
      await scene.advance(200);
      expect(await scene.durable()).toEqual(ids);
      void one.log.commit(commitOf(4, 'of one'));
      void other.log.commit(commitOf(4, 'of the other'));
      await scene.advance(200);
      if ((await scene.durable()).at(4) === 'of the other') overtaken += 1;
    }
    expect(overtaken).toBeWithin(5, 35);
  });

  test('[LOG3] whatever nobody knows of a commit, it was carried out wholly, not at all, or later', async () => {
    const outcomes = [
      [{ refused: 1 }, unavailable, [], []],
      [{ unknownApplied: 1 }, unknown, ['one'], ['one']],
      [{ unknownNotApplied: 1 }, unknown, [], []],
    ] as const;
    for (const [weather, answer, atOnce, later] of outcomes) {
      const scene = new StoreScene(1, weather);
      const commit = scene.commit(scene.run('a/1').ports, 0, 'one');
      await scene.advance(0);
      expect(commit.answer).toEqual(answer);
      expect(await scene.durable()).toEqual(atOnce);
      await scene.advance(10_000);
      expect(await scene.durable()).toEqual(later);
    }
  });

  test('[LOG3] a commit that is late lands only where the head has not moved meanwhile', async () => {
    for (const seed of SEEDS) {
      const scene = new StoreScene(seed, { unknownLate: 1, lateMs: 3_000 });
      const { ports } = scene.run('a/1');
      const late = scene.commit(ports, 0, 'late');
      await scene.advance(0);
      expect(late.answer).toEqual(unknown);
      expect(await scene.durable()).toEqual([]);
      scene.store.weather = { ...scene.store.weather, unknownLate: 0 };
      if (seed % 2 === 0) await scene.advance(3_000);
      else void ports.log.commit(commitOf(0, 'other'));
      await scene.advance(3_000);
      expect(await scene.durable()).toEqual([seed % 2 === 0 ? 'late' : 'other']);
    }
  });

  test('reads fail by themselves, and writes with an effect that nobody knows', async () => {
    const scene = new StoreScene(1, { readFails: 1 });
    const { ports } = scene.run('a/1');
    const [read, write] = [scene.watch(ports.log.heads([])), scene.watch(advance(1))];
    await scene.advance(0);
    expect([read.answer, write.answer]).toEqual(['refused', undefined]);
    scene.store.weather = { ...scene.store.weather, readFails: 0, unknownApplied: 1 };
    const applied = scene.watch(advance(2));
    await scene.advance(0);
    scene.store.weather = { ...scene.store.weather, unknownApplied: 0, unknownNotApplied: 1 };
    const notApplied = scene.watch(advance(3));
    await scene.advance(0);
    expect([applied.answer, notApplied.answer]).toEqual(['refused', 'refused']);
    const place = { conversationId: CONVERSATION, userId: 'ann' };
    expect((await ports.cursors.get([place]))[0]?.read).toBe(2);

    async function advance(sequence: number): Promise<void> {
      const watermark = {
        conversationId: CONVERSATION,
        userId: 'ann',
        deviceId: 'web',
        kind: 'read',
      } as const;
      await ports.cursors.advance([{ ...watermark, sequence, ordinal: sequence }]);
    }
  });
});

describe('simulated store: commits in steps', () => {
  const inSteps = { latencyMs: { from: 10, to: 10 }, inSteps: 1 };
  const conversation = { type: 'group', title: 'all', memberCount: 1 } as const;
  const views = [
    { view: 'conversation', partition: CONVERSATION, key: '', version: 1, value: conversation },
  ] as const;
  const request = { ...commitOf(0, 'one'), views };

  test('[LOG5] [VIEW4] views come after the log and before the answer, and their watermark says so', async () => {
    const scene = new StoreScene(1, inSteps);
    const { log } = scene.run('a/1').ports;
    const commit = scene.watch(log.commit(request));
    await scene.advance(29);
    expect(await scene.durable()).toEqual(['one']);
    expect(await scene.store.truth.views.watermark(CONVERSATION)).toBe(0);
    expect(commit.answer).toBe('waits');
    await scene.advance(11);
    expect(await scene.store.truth.views.watermark(CONVERSATION)).toBe(1);
    expect(commit).toEqual({ answer: committed, atMs: 40 });
  });

  test('[LOG5] what a run that died between two steps left is finished by whoever reads the head', async () => {
    const scene = new StoreScene(1, inSteps);
    const { run, ports } = scene.run('a/1');
    void ports.log.commit(request);
    await scene.advance(15);
    run.crash();
    await scene.advance(10_000);
    const next = scene.run('a/2').ports;
    const listed = { view: 'conversation', partition: CONVERSATION, after: null, limit: 1 } as const;
    expect(await scene.finish(next.views.list(listed))).toEqual([]);
    await scene.finish(next.log.heads([CONVERSATION]));
    expect((await scene.finish(next.views.list(listed)))[0]?.value).toEqual(conversation);
  });

  test('[LOG3] where the second step fails nobody knows, and asked again it is found', async () => {
    const scene = new StoreScene(1, inSteps);
    const { log } = scene.run('a/1').ports;
    const commit = scene.watch(log.commit(request));
    await scene.advance(25);
    scene.store.cutOff('a', true);
    await scene.advance(3_000);
    expect(commit.answer).toEqual(unknown);
    scene.store.cutOff('a', false);
    expect((await scene.finish(log.commit(request))).kind).toBe('duplicates');
    expect(await scene.store.truth.views.watermark(CONVERSATION)).toBe(1);
  });
});

describe('simulated store: faults', () => {
  test('[LOG3] while it stalls nothing is carried out; whoever cannot wait for it does not know', async () => {
    for (const stallMs of [1_000, 5_000]) {
      const scene = new StoreScene(1);
      scene.store.stall(stallMs);
      const commit = scene.commit(scene.run('a/1').ports, 0, 'one');
      await scene.advance(stallMs - 1);
      expect(await scene.durable()).toEqual([]);
      await scene.advance(1);
      expect(await scene.durable()).toEqual(['one']);
      expect(commit).toEqual(
        stallMs === 1_000 ? { answer: committed, atMs: 1_000 } : { answer: unknown, atMs: 2_000 },
      );
    }
  });

  test('a store in the process is waited for, however long it stalls', async () => {
    const scene = new StoreScene(1, { answerMsMax: Infinity });
    scene.store.stall(60_000);
    const commit = scene.commit(scene.run('a/1').ports, 0, 'one');
    await scene.advance(60_000);
    expect(commit).toEqual({ answer: committed, atMs: 60_000 });
  });

  test('nothing reaches it from a node that is cut off, and once that is noticed calls fail at once', async () => {
    const scene = new StoreScene(1);
    const [a, b] = [scene.run('a/1').ports, scene.run('b/1').ports];
    scene.store.cutOff('a', true);
    const [cut, served] = [scene.commit(a, 0, 'cut off'), scene.commit(b, 0, 'served')];
    await scene.advance(2_000);
    expect([cut, served]).toEqual([
      { answer: unknown, atMs: 2_000 },
      { answer: committed, atMs: 0 },
    ]);
    const noticed = scene.commit(a, 1, 'noticed');
    await scene.advance(0);
    expect(noticed).toEqual({ answer: unavailable, atMs: 2_000 });
    scene.store.cutOff('a', false);
    scene.commit(a, 1, 'back');
    await scene.advance(0);
    expect(await scene.durable()).toEqual(['served', 'back']);
  });

  test('a cut takes answers too: what was carried out is not known', async () => {
    const scene = new StoreScene(1, { latencyMs: { from: 10, to: 10 } });
    const commit = scene.commit(scene.run('a/1').ports, 0, 'one');
    await scene.advance(15);
    scene.store.cutOff('a/1', true);
    await scene.advance(5_000);
    expect(await scene.durable()).toEqual(['one']);
    expect(commit).toEqual({ answer: unknown, atMs: 2_000 });
  });

  test('[LOG1] what is under way when it crashes is lost, and what it has carried out is not', async () => {
    const scene = new StoreScene(1, { latencyMs: { from: 10, to: 10 } });
    const { ports } = scene.run('a/1');
    scene.commit(ports, 0, 'one');
    await scene.advance(15);
    const lost = scene.commit(ports, 1, 'two');
    scene.store.crash();
    await scene.advance(10_000);
    expect(lost.answer).toBe('waits');
    expect(await scene.durable()).toEqual(['one']);
  });

  test('calls of a run that died never return; what it sent is lost, or lands when its successor has begun', async () => {
    const ends = new Set<string>();
    for (const seed of SEEDS) {
      const scene = new StoreScene(seed, { latencyMs: { from: 10, to: 10 } });
      const { run, ports } = scene.run('a/1');
      const commit = scene.commit(ports, 0, 'of the dead');
      run.crash();
      await scene.advance(100);
      const before = await scene.durable();
      scene.commit(scene.run('a/2').ports, before.length, 'of the next');
      await scene.advance(10_000);
      expect(commit.answer).toBe('waits');
      ends.add((await scene.durable()).join(', '));
    }
    expect([...ends].sort()).toEqual(['of the dead, of the next', 'of the next']);
  });

  test('a run that is paused hears its answers when it goes on, one after the other', async () => {
    const scene = new StoreScene(1, { latencyMs: { from: 10, to: 10 } });
    const { run, ports } = scene.run('a/1');
    const heard: string[] = [];
    for (const [at, id] of ['one', 'two'].entries()) {
      const commit = ports.log.commit(commitOf(at, id));
      void commit.then(() => heard.push(id)).then(() => heard.push(`after ${id}`));
    }
    run.pause(true);
    await scene.advance(60_000);
    expect([await scene.durable(), heard]).toEqual([['one', 'two'], []]);
    run.pause(false);
    await scene.advance(0);
    expect(heard).toEqual(['one', 'after one', 'two', 'after two']);
  });
});

describe('simulated store: storms', () => {
  const storm = {
    latencyMs: { from: 0, to: 80 },
    refused: 0.1,
    unknownApplied: 0.1,
    unknownNotApplied: 0.1,
    unknownLate: 0.2,
  };

  /** Two writers that do what core's writer does: decide at a head they read, and send again what nobody knows. */
  async function stormOf(seed: number): Promise<{ acknowledged: string[]; durable: readonly string[] }> {
    const scene = new StoreScene(seed, storm);
    const random = new SeededRandom(seed);
    const acknowledged: string[] = [];
    const write = async (runId: string): Promise<void> => {
      const { log } = scene.run(runId).ports;
      for (let count = 0; count < 15; count += 1) {
        const id = `${runId} ${count}`;
        for (let isDone = false; !isDone; await scene.wait(20)) {
          const heads = await log.heads([CONVERSATION]).catch(() => null);
          if (heads === null) continue;
          const request = commitOf(heads.get(CONVERSATION)?.sequence ?? 0, id);
          let outcome = await log.commit(request);
          for (let isOpen = outcome.kind === 'unknown'; isOpen; await scene.wait(20)) {
            outcome = await log.commit(request);
            isOpen = outcome.kind === 'unknown' || outcome.kind === 'unavailable';
          }
          isDone = outcome.kind === 'committed' || outcome.kind === 'duplicates';
        }
        acknowledged.push(id);
      }
    };
    const writers = Promise.all(['a/1', 'b/1'].map((runId) => write(runId)));
    const done = scene.watch(writers.then(() => 'done'));
    for (let rounds = 0; rounds < 1_000 && done.answer === 'waits'; rounds += 1) {
      await scene.advance(500);
      if (random.chance(0.1)) scene.store.stall(random.below(4_000));
      scene.store.cutOff('a', random.chance(0.1));
    }
    expect(done.answer).toBe('done');
    await scene.advance(10_000);
    return { acknowledged, durable: await scene.durable() };
  }

  test('[LOG2] [LOG3] [LOG4] two writers in a storm leave each of their commits once', async () => {
    for (const seed of SEEDS) {
      const { acknowledged, durable } = await stormOf(seed);
      expect([...durable].sort()).toEqual(acknowledged.sort());
    }
  });

  test('the same seed gives the same storm', async () => {
    expect(await stormOf(7)).toEqual(await stormOf(7));
    expect(await stormOf(7)).not.toEqual(await stormOf(8));
  });
});
