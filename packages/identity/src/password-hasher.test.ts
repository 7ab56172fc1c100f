import { describe, expect, test } from 'bun:test';
import { createPasswordHasher, nobodysHash } from './password-hasher.ts';
import { Turnstile } from './turnstile.ts';

const hasher = createPasswordHasher({ concurrentMax: 2, waitingMax: 8 });

describe('password hasher', () => {
  test('the password fits its hash and no other does', async () => {
    const hash = await hasher.hash('correct horse');
    expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(await hasher.hash('correct horse')).not.toBe(hash);
    const verdicts = await Promise.all(
      ['correct horse', 'correct horsf', 'correct horse ', ''].map((password) =>
        hasher.verify(password, hash),
      ),
    );
    expect(verdicts).toEqual([true, false, false, false]);
  });

  test('one password however the keyboard composes it', async () => {
    expect(await hasher.verify('cafe\u0301 noir', await hasher.hash('caf\u00e9 noir'))).toBe(true);
  });

  test('an unknown name costs the same hash and never fits', async () => {
    // Same algorithm, cost and lengths, hence the same time; a test that measured it would only measure the machine.
    const shape = (hash: string): string => hash.replaceAll(/[A-Za-z0-9+/]{43}/g, '*');
    expect(shape(nobodysHash())).toBe(shape(await hasher.hash('any')));
    expect(shape(nobodysHash())).toBe('$argon2id$v=19$m=19456,t=2,p=1$*$*');
    expect(await hasher.verify('any password', null)).toBe(false);
    expect(await Bun.password.verify('any password', nobodysHash())).toBe(false);
  });

  test('an unknown name waits for its turn like any other', async () => {
    const narrow = createPasswordHasher({ concurrentMax: 1, waitingMax: 0 });
    const running = narrow.hash('any password');
    const refused = await narrow.verify('any password', null).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable' });
    await running;
  });

  test('a stored hash that is none is a fault, not a wrong password', async () => {
    expect(await hasher.verify('any', 'broken').catch(() => 'fault')).toBe('fault');
  });
});

describe('turnstile', () => {
  const bounds = { concurrentMax: 2, waitingMax: 3, afterMs: 10 };

  test('bounds what runs and what waits, and refuses the rest with unavailable', async () => {
    const turnstile = new Turnstile(bounds);
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const started: number[] = [];
    const third = Promise.withResolvers<void>();
    const runs = gates.map((gate, index) =>
      turnstile.run(async () => {
        started.push(index);
        if (index === 2) third.resolve();
        await gate.promise;
        return index;
      }),
    );
    const refused = await runs[5]?.catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable', detail: { afterMs: 10 } });
    expect(started).toEqual([0, 1]);
    gates[1]?.resolve();
    expect(await runs[1]).toBe(1);
    await third.promise;
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    expect(await Promise.all(runs.slice(0, 5))).toEqual([0, 1, 2, 3, 4]);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  test('[G8.1] the place of one that ended goes to the next and to nobody beside it', async () => {
    const turnstile = new Turnstile({ ...bounds, concurrentMax: 1 });
    const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    const started = gates.map(() => Promise.withResolvers<void>());
    let [running, most] = [0, 0];
    const enter = (index: number): Promise<void> =>
      turnstile.run(async () => {
        running += 1;
        most = Math.max(most, running);
        started[index]?.resolve();
        await gates[index]?.promise;
        running -= 1;
      });
    const runs = [enter(0), enter(1)];
    gates[0]?.resolve();
    await started[1]?.promise;
    runs.push(enter(2));
    for (let microtask = 0; microtask < 20; microtask += 1) await Promise.resolve();
    gates[1]?.resolve();
    await started[2]?.promise;
    gates[2]?.resolve();
    await Promise.all(runs);
    expect(most).toBe(1);
  });

  test('work that fails gives its place back', async () => {
    const turnstile = new Turnstile({ ...bounds, concurrentMax: 1 });
    for (let index = 0; index < 5; index += 1) {
      await turnstile.run(() => Promise.reject(new Error('failed'))).catch(() => undefined);
    }
    expect(await turnstile.run(async () => 'through')).toBe('through');
  });
});
