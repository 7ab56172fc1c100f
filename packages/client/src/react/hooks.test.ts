import { expect, test } from 'bun:test';
import { createElement, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { ClientProvider, useConnection, useConversations, useTimeline, useTyping } from './index.ts';
import { settle } from '../testing/driven-timers.ts';
import { FakeWorld } from '../testing/fake-world.ts';

function Screen({ conversationId }: { readonly conversationId: string }): ReactElement {
  const connection = useConnection();
  const { items, unread } = useConversations();
  const { view } = useTimeline(conversationId);
  const typing = useTyping(conversationId);
  const bodies = view.items.flatMap((item) => (item.kind === 'message' ? [item.body] : []));
  return createElement(
    'p',
    null,
    [connection.kind, items.length, unread, bodies.join('|'), typing.join('|')].join(' / '),
  );
}

test('hooks show what the client holds', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group('gteam', ['alice', 'bob']);
  const client = await world.live('alice');
  world.server.write('bob', 'gteam', 'hello');
  world.server.lastLink.say({ type: 'typing_event', conversationId: 'gteam', userId: 'bob' });
  await settle();
  const screen = createElement(Screen, { conversationId: 'gteam' });
  const text = renderToString(createElement(ClientProvider, { client }, screen));
  expect(text).toBe('<p>live / 1 / 1 / hello / bob</p>');
});

test('a hook without a provider says what is missing', () => {
  expect(() => renderToString(createElement(Screen, { conversationId: 'gteam' }))).toThrow('ClientProvider');
});
