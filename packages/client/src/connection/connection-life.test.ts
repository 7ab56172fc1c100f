import { describe, expect, test } from 'bun:test';
import { type ClientFrame, closeCodes, limits, type ServerFrame } from '@confab/protocol';
import { DrivenTimers, settle } from '../testing/driven-timers.ts';
import { helloFrame, live, scriptedTransport, type Step } from '../testing/scripted-transport.ts';
import type { TransportKind } from '../client-types.ts';
import { ChatError } from '../errors.ts';
import type { AccessToken } from '../session/token-source.ts';
import { TransportChoice } from '../transport/transport-choice.ts';
import { ConnectionLife } from './connection-life.ts';

function startedWith(
  scripts: readonly (readonly Step[])[],
  more: { fallback?: readonly (readonly Step[])[] } = {},
) {
  const timers = new DrivenTimers();
  const kinds: [TransportKind, readonly (readonly Step[])[]][] = [['websocket', scripts]];
  if (more.fallback !== undefined) kinds.push(['stream', more.fallback]);
  const transports = kinds.map(([kind, script]) => scriptedTransport(script, kind));
  const [transport = scriptedTransport([])] = transports;
  const told: string[] = [];
  const asked: (string | null)[] = [];
  const tokens = {
    next: 1,
    renewAtMs: null as number | null,
    error: null as ChatError | null,
    token: async (stale: string | null): Promise<AccessToken> => {
      await Promise.resolve();
      asked.push(stale);
      if (tokens.error !== null) throw tokens.error;
      if (stale === `token-${tokens.next}`) tokens.next += 1;
      return { value: `token-${tokens.next}`, renewAtMs: tokens.renewAtMs };
    },
  };
  const connection = new ConnectionLife({
    choice: new TransportChoice(transports),
    tokens,
    timers,
    random: () => 0.5,
    page: { isOnline: () => true, isVisible: () => true, listen: () => () => undefined },
    logger: { debug: () => undefined, warn: () => undefined },
    handlers: {
      authenticate: (token) => ({
        type: 'authenticate',
        token,
        deviceId: 'device',
        instanceId: 'tab',
        client: 'test/1',
      }),
      ready: () => told.push('ready'),
      caughtUp: () => told.push('caught up'),
      frame: (frame) => told.push(frame.type),
      lost: () => told.push('lost'),
      signedOut: () => told.push('signed out'),
    },
  });
  return { connection, timers, transports, transport, told, tokens, asked };
}

const kindOf = (connection: ConnectionLife): string => connection.state.get().kind;
const tokensSaid = (frames: readonly ClientFrame[] | undefined): string[] =>
  (frames ?? []).flatMap((frame) => (frame.type === 'authenticate' ? [frame.token] : []));
const close = (code: number): Step => ({ does: 'close', code });
const say = (frame: ServerFrame): Step => ({ does: 'say', frame });

describe('a connection', () => {
  test('says who it is when greeted, and is live when it has caught up', async () => {
    const { connection, transport, told } = startedWith([live()]);
    connection.connect();
    await settle();
    expect(connection.state.get()).toEqual({ kind: 'live', transport: 'websocket' });
    expect(tokensSaid(transport.said[0])).toEqual(['token-1']);
    expect(told).toEqual(['ready', 'caught up']);
  });

  test('resumes with full jitter after each loss, longer each time, and begins anew after a stable one', async () => {
    const { connection, timers, told } = startedWith([
      live(close(1006)),
      [close(1006)],
      [close(1006)],
      live(),
    ]);
    connection.connect();
    await settle();
    const waits: number[] = [];
    for (let n = 0; n < 3; n++) {
      const state = connection.state.get();
      if (state.kind !== 'waiting') throw new Error(state.kind);
      waits.push(state.untilMs - timers.now());
      await timers.advance(state.untilMs - timers.now());
    }
    expect(waits).toEqual([125, 250, 500]);
    expect(kindOf(connection)).toBe('live');
    expect(told).toEqual(['ready', 'caught up', 'lost', 'ready', 'caught up']);
    await timers.advance(6_000);
    connection.reconnect();
    expect(connection.state.get()).toMatchObject({
      kind: 'waiting',
      untilMs: timers.now() + 125,
      attempt: 1,
    });
  });

  test.each([
    [closeCodes.signedOut, 'signed_out'],
    [closeCodes.replaced, 'replaced'],
    [closeCodes.protocolTooOld, 'too_old'],
    [closeCodes.badFrames, 'refused'],
  ])('stops at close code %d: %s', async (code, reason) => {
    const { connection, timers, told, transport } = startedWith([live(close(code))]);
    connection.connect();
    await timers.advance(600_000);
    expect(connection.state.get()).toEqual({ kind: 'stopped', reason } as never);
    expect(transport.said.length).toBe(1);
    expect(told.includes('signed out')).toBe(code === closeCodes.signedOut);
  });

  test('waits as long as the server asks, never less', async () => {
    const step: Step = { does: 'close', code: closeCodes.overloaded, afterMs: 10_000 };
    const { connection, timers, transport } = startedWith([live(step), live()]);
    connection.connect();
    await timers.advance(9_999);
    expect(transport.said.length).toBe(1);
    connection.shown();
    expect(kindOf(connection)).toBe('waiting');
    await timers.advance(3_000);
    expect(kindOf(connection)).toBe('live');
  });

  test('brings another token at once where one was refused, and backs off where that is refused too', async () => {
    const refused: Step[] = [
      { does: 'open' },
      { does: 'await', type: 'authenticate' },
      close(closeCodes.tokenExpired),
    ];
    const { connection, timers, transport } = startedWith([refused, refused, live()]);
    connection.connect();
    await timers.advance(0);
    expect(transport.said.map(tokensSaid)).toEqual([['token-1'], ['token-2']]);
    expect(kindOf(connection)).toBe('waiting');
    await timers.advance(25_000);
    expect(tokensSaid(transport.said[2])).toEqual(['token-3']);
    expect(kindOf(connection)).toBe('live');
  });

  test('an error before ready says by its retry class what to do', async () => {
    const error: ServerFrame = { type: 'error', code: 'token_expired', message: '', retry: 'after_auth' };
    const { connection, timers, transport } = startedWith([
      [{ does: 'open' }, { does: 'await', type: 'authenticate' }, say(error)],
      live(),
    ]);
    connection.connect();
    await timers.advance(0);
    expect(tokensSaid(transport.said[1])).toEqual(['token-2']);
    expect(kindOf(connection)).toBe('live');
  });

  test('renews its token on the live link in time, without a new connection', async () => {
    const { connection, timers, transport, tokens } = startedWith([live()]);
    tokens.renewAtMs = timers.now() + 20_000;
    connection.connect();
    await settle();
    tokens.next = 2;
    tokens.renewAtMs = timers.now() + 25_000;
    await timers.advance(20_000);
    expect(tokensSaid(transport.said[0])).toEqual(['token-1', 'token-2']);
    tokens.next = 3;
    tokens.renewAtMs = null;
    await timers.advance(5_000);
    expect(tokensSaid(transport.said[0])).toEqual(['token-1', 'token-2', 'token-3']);
    expect(transport.said[0]?.at(-1)).toMatchObject({ ref: 'renew' });
    expect(transport.said.length).toBe(1);
  });

  test('signed out where there is no token to be had; waiting where nobody could be asked', async () => {
    const { connection, tokens, timers } = startedWith([live(), live()]);
    tokens.error = new ChatError('network');
    connection.connect();
    await settle();
    expect(kindOf(connection)).toBe('waiting');
    tokens.error = new ChatError('session_ended');
    await timers.advance(25_000);
    expect(connection.state.get()).toEqual({ kind: 'stopped', reason: 'signed_out' });
  });

  test('a drained link works until its time to move, also where the server closes sooner', async () => {
    const { connection, timers, transport, told } = startedWith([
      live(say({ type: 'drain', afterMs: 4_000 }), close(closeCodes.goingAway)),
      live(),
    ]);
    connection.connect();
    await timers.advance(3_999);
    expect(transport.said.length).toBe(1);
    await timers.advance(1);
    expect(kindOf(connection)).toBe('live');
    expect(told).toEqual(['ready', 'caught up', 'lost', 'ready', 'caught up']);
  });

  test('a link that dies in silence is noticed and left', async () => {
    const { connection, timers, transport } = startedWith([live(), live()]);
    connection.connect();
    await timers.advance(limits.heartbeatIntervalMs);
    expect(transport.said[0]?.at(-1)).toEqual({ type: 'ping' });
    await timers.advance(limits.heartbeatTimeoutMs + 125);
    expect(transport.closed[0]).toBe(true);
    expect(kindOf(connection)).toBe('live');
    expect(transport.said.length).toBe(2);
  });

  test('a server that never greets is given up', async () => {
    const { connection, timers, transport } = startedWith([[], live()]);
    connection.connect();
    await timers.advance(15_000 + 125);
    expect(transport.closed[0]).toBe(true);
    expect(kindOf(connection)).toBe('live');
  });

  test('a server that greets and does not answer is given up; nothing is said to it before it is ready', async () => {
    const { connection, timers, transport } = startedWith([[{ does: 'open' }], live()]);
    connection.connect();
    await settle();
    expect(connection.send({ type: 'typing', conversationId: 'gteam' })).toBe(false);
    expect(transport.said[0]?.map(({ type }) => type)).toEqual(['authenticate']);
    await timers.advance(19_999);
    expect(kindOf(connection)).toBe('authenticating');
    await timers.advance(1 + 125);
    expect(kindOf(connection)).toBe('live');
    expect(connection.send({ type: 'typing', conversationId: 'gteam' })).toBe(true);
  });

  test('a newer protocol stops it', async () => {
    const newer: ServerFrame = { ...helloFrame, protocol: 99 } as ServerFrame;
    const { connection } = startedWith([[say(newer), { does: 'open' }]]);
    connection.connect();
    await settle();
    expect(connection.state.get()).toEqual({ kind: 'stopped', reason: 'too_old' });
  });

  test('no network: no attempts, until there is one', async () => {
    const { connection, timers, transport, told } = startedWith([live(), live()]);
    connection.connect();
    await settle();
    connection.networkLost();
    await timers.advance(3_600_000);
    expect(kindOf(connection)).toBe('offline');
    expect(transport.said.length).toBe(1);
    connection.networkFound();
    await settle();
    expect(kindOf(connection)).toBe('live');
    expect(told.filter((word) => word === 'lost').length).toBe(1);
  });

  test('a transport that never opens gives place after two failures; one that worked is kept', async () => {
    const { connection, timers, transports } = startedWith([[close(1006)], [close(1006)]], {
      fallback: [live(close(1006)), live()],
    });
    connection.connect();
    await timers.advance(125 + 250);
    expect(connection.state.get()).toEqual({ kind: 'waiting', untilMs: timers.now() + 500, attempt: 3 });
    await timers.advance(500);
    expect(connection.state.get()).toEqual({ kind: 'live', transport: 'stream' });
    expect(transports.map(({ said }) => said.length)).toEqual([2, 2]);
  });

  test('a lesser way that cannot be opened gives place too, though it begins with us speaking', async () => {
    const refused: Step[] = [{ does: 'open unheard' }, { does: 'await', type: 'authenticate' }, close(1006)];
    const { connection, timers, transports } = startedWith([[close(1006)], [close(1006)], live()], {
      fallback: [refused, refused],
    });
    connection.connect();
    await timers.advance(20_000);
    expect(connection.state.get()).toEqual({ kind: 'live', transport: 'websocket' });
    expect(transports.map(({ said }) => said.length)).toEqual([3, 2]);
  });

  test('on a lesser way it looks for the best one from time to time, and moves when that is open', async () => {
    const pongs = Array.from({ length: 20 }, () => say({ type: 'pong' }));
    const { connection, timers, transports } = startedWith(
      [[close(1006)], [close(1006)], [close(1006)], [{ does: 'open' }], live()],
      { fallback: [live(...pongs)] },
    );
    connection.connect();
    await timers.advance(1_000);
    expect(connection.state.get()).toEqual({ kind: 'live', transport: 'stream' });
    // Probes after one and two minutes; meanwhile the stream is alive.
    for (let seconds = 0; seconds < 184; seconds += 8) {
      await timers.advance(8_000);
      transports[1]?.hear();
    }
    expect(connection.state.get()).toEqual({ kind: 'live', transport: 'websocket' });
    expect(transports.map(({ said }) => said.length)).toEqual([5, 1]);
    expect(transports[1]?.closed).toEqual([true]);
  });

  test('[G4.6] what is answered another way does not keep a dead link alive', async () => {
    const answers: Step[] = Array.from({ length: 5 }, () => ({
      does: 'answer',
      frame: { type: 'pong' },
    }));
    const { connection, timers } = startedWith([live({ does: 'await', type: 'ping' }, ...answers)]);
    connection.connect();
    await timers.advance(limits.heartbeatIntervalMs + limits.heartbeatTimeoutMs - 1);
    expect(kindOf(connection)).toBe('live');
    await timers.advance(1);
    expect(kindOf(connection)).not.toBe('live');
  });

  test('a link that cannot take a new token gives place to one that begins with it', async () => {
    const { connection, timers, transport, tokens } = startedWith([
      live(
        { does: 'await', type: 'authenticate' },
        say({ type: 'error', ref: 'renew', code: 'invalid', message: '', retry: 'never' }),
      ),
      live(),
    ]);
    tokens.renewAtMs = timers.now() + 20_000;
    connection.connect();
    await timers.advance(30_000);
    expect(kindOf(connection)).toBe('live');
    expect(transport.said.length).toBe(2);
  });

  test('after close nothing is tried any more', async () => {
    const { connection, timers, transport, told } = startedWith([live()]);
    connection.connect();
    connection.close();
    await timers.advance(600_000);
    expect(connection.state.get()).toEqual({ kind: 'stopped', reason: 'closed' });
    expect(transport.said[0]).toEqual([]);
    expect(told).toEqual([]);
    expect(timers.waiting).toBe(0);
  });

  test('late words of an old link are not heard: no frame, no answer, no end', async () => {
    const { connection, timers, transport, told } = startedWith([live(), live()]);
    connection.connect();
    await settle();
    connection.reconnect();
    await timers.advance(1_000);
    expect(kindOf(connection)).toBe('live');
    told.length = 0;
    const [old] = transport.listeners;
    old?.frame({ type: 'typing_event', conversationId: 'gteam', userId: 'bob' });
    old?.answer({ type: 'typing_event', conversationId: 'gteam', userId: 'bob' });
    old?.closed({ code: closeCodes.signedOut, reason: '', afterMs: null });
    expect(told).toEqual([]);
    expect(kindOf(connection)).toBe('live');
    connection.close();
    old?.opened();
    expect(timers.waiting).toBe(0);
  });

  test('a token that comes when its link has gone is not said on the next one', async () => {
    const { connection, timers, transport, tokens } = startedWith([[{ does: 'open' }], live()]);
    const asked: (() => void)[] = [];
    const { token } = tokens;
    tokens.token = async (stale) => {
      await new Promise<void>((resolve) => asked.push(resolve));
      return await token(stale);
    };
    connection.connect();
    await settle();
    connection.reconnect();
    await timers.advance(1_000);
    expect(asked.length).toBe(2);
    for (const answer of asked) answer();
    await settle();
    expect(transport.said.map(tokensSaid)).toEqual([[], ['token-1']]);
    expect(kindOf(connection)).toBe('live');
  });
});
