import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';
import type { ChatClient } from '../client-types.ts';

const ClientContext = createContext<ChatClient | null>(null);

/** Gives a client to the hooks below it. It neither connects nor closes it: whoever made the client does. */
export function ClientProvider(props: {
  readonly client: ChatClient;
  readonly children?: ReactNode;
}): ReactElement {
  return createElement(ClientContext.Provider, { value: props.client }, props.children);
}

/** The client of the nearest `ClientProvider`. Throws where there is none. */
export function useClient(): ChatClient {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('useClient needs a ClientProvider above it');
  return client;
}
