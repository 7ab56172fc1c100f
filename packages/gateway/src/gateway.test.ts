import { expect, test } from 'bun:test';
import { ConfabError } from '@confab/protocol';
import { settled } from './testing/manual-clock.ts';
import { testGateway } from './testing/test-gateway.ts';

test('what waits and who is behind is summed over all connections', async () => {
  const { gateway, chat, join } = testGateway();
  const peers = [await join('ann', 'd1'), await join('bob', 'd2')];
  chat.onHeads = () => Promise.reject(new ConfabError('unavailable'));
  for (const peer of peers) peer.isTaking = false;
  for (const session of chat.sessions) session.fellBehind(`own-${session.userId}`, 1);
  chat.deliver('g1', 1, 'x'.repeat(1_000));
  await settled();
  const outboundBytes = peers.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
  expect(outboundBytes).toBeGreaterThan(2_000);
  expect(gateway.stats()).toMatchObject({ live: 2, behindConversations: 2, outboundBytes });
});

test('every end is observed once, with its code', async () => {
  const { seen, join, open } = testGateway();
  const [left, closed, silent] = [await join('ann', 'd1'), await join('bob', 'd2'), open()];
  left.connection?.transportClosed(1006);
  closed.connection?.close(4000, 'going_away');
  silent.connection?.transportClosed(1001);
  expect(seen.get('connectionClosed')).toEqual(
    [1006, 4000, 1001].map((code) => ({ code, transport: 'websocket' })),
  );
});

test('a session that core could not end is a fault, and ends here', async () => {
  const { gateway, chat, seen, join } = testGateway();
  const peer = await join('ann', 'd1');
  chat.detach = () => Promise.reject(new Error('core is ill'));
  peer.connection?.transportClosed(1006);
  await settled();
  expect(seen.get('fault')).toEqual([{ where: 'gateway detach', error: new Error('core is ill') }]);
  expect(gateway.stats()).toMatchObject({ live: 0, closing: 0 });
});
