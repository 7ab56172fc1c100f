import type { TransportKind } from '../client-types.ts';
import type { Directory } from '../conversations/directory.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import type { Observable } from '../observable.ts';
import type { SessionState } from '../client-types.ts';
import type { Settings } from '../platform/settings.ts';
import { pollTransport } from './poll-transport.ts';
import { streamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';
import { webSocketTransport } from './websocket-transport.ts';

/** What the long poll has to know of the client. */
interface PollSources {
  readonly http: HttpCaller;
  readonly directory: Directory;
  readonly session: { readonly state: Observable<SessionState> };
}

/** The transports a client may take, in order. */
export function transportsOf(settings: Settings, sources: PollSources): Transport[] {
  return settings.transports.map((kind) => transportOf(kind, settings, sources));
}

function transportOf(kind: TransportKind, settings: Settings, sources: PollSources): Transport {
  switch (kind) {
    case 'websocket':
      return webSocketTransport(settings.url, settings.webSocket);
    case 'stream':
      return streamTransport(settings);
    case 'poll':
      return pollTransport({
        http: sources.http,
        timers: settings.timers,
        identity: () => {
          const session = sources.session.state.get();
          return session.kind === 'signed_in' ? session : { userId: '', deviceId: '' };
        },
        listBegins: () => sources.directory.listBegins(),
        watched: () =>
          sources.directory
            .known()
            .filter(({ isWatched }) => isWatched)
            .map(({ conversationId, position }) => ({ conversationId, after: position?.eventId ?? null })),
        messageIdAt: (conversationId, sequence) => {
          const events = sources.directory.entry(conversationId).record?.window.events ?? [];
          const message = events.findLast(
            (event) => event.type === 'message_event' && event.sequence <= sequence,
          );
          return message?.eventId ?? null;
        },
      });
  }
}
