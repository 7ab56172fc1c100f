import type {
  Authenticated,
  Caller,
  Chat,
  LocalSession,
  Reply,
  RequestContext,
  ResumeRequest,
  ResumeSink,
} from '@confab/core';
import { ConfabError, type Head, type RequestOf, type Verb } from '@confab/protocol';

/** One call of `handle`, to be answered by the test. */
export interface Asked {
  readonly verb: Verb;
  readonly caller: Caller;
  readonly request: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
  readonly accept: (fields: Readonly<Record<string, unknown>> | null) => void;
  readonly refuse: (error: ConfabError) => void;
}

type Resuming = (
  request: ResumeRequest,
  sink: ResumeSink,
) => Promise<{ conversations: number; replayed: number }>;

/** The rules of chat as a test wants them: tokens are `user.device` or `user.device.expiresAtMs`. */
export class FakeChat implements Chat {
  readonly sessions = new Set<LocalSession>();
  readonly asked: Asked[] = [];
  readonly heads = new Map<string, Head>();
  /** Answers at once where set; else the test answers what stands in `asked`. */
  onAsked: ((asked: Asked) => void) | null = null;
  onResume: Resuming = resumeWithNothing;
  onHeads: () => Promise<void> = () => Promise.resolve();

  retire(): Promise<void> {
    return Promise.resolve();
  }

  async handle<V extends Verb>(
    verb: V,
    caller: Caller,
    request: RequestOf<V>,
    context: RequestContext,
  ): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const { lane } = context;
    const fields = request as Readonly<Record<string, unknown>>;
    const clientMessageId = String(fields['clientMessageId']);
    const place = lane === null || verb === 'abandon_send' ? null : lane.enter(clientMessageId);
    const asked: Asked = {
      verb,
      caller,
      request: fields,
      context,
      accept(answer) {
        if (place?.lane.blocks(place) === true) reject(new ConfabError('after_previous'));
        else resolve({ json: answer === null ? null : JSON.stringify(answer), existing: false });
      },
      refuse(error) {
        if (error.retry !== 'never') place?.lane.refuse(place);
        reject(error);
      },
    };
    this.asked.push(asked);
    this.onAsked?.(asked);
    if (verb === 'abandon_send') lane?.abandon(clientMessageId);
    return await (place === null ? promise : place.lane.run(place, null, () => promise));
  }

  authenticate(token: string, deviceId: string | null): Promise<Authenticated> {
    const [userId, ofDevice, expiresAtMs] = token.split('.');
    if (userId === undefined || ofDevice === undefined || (deviceId !== null && deviceId !== ofDevice)) {
      return Promise.reject(new ConfabError('unauthenticated'));
    }
    const expires = expiresAtMs === undefined ? Number.MAX_SAFE_INTEGER : Number(expiresAtMs);
    return Promise.resolve({ userId, deviceId: ofDevice, expiresAtMs: expires });
  }

  attach(session: LocalSession): Promise<void> {
    this.sessions.add(session);
    return Promise.resolve();
  }

  detach(session: LocalSession): Promise<void> {
    this.sessions.delete(session);
    return Promise.resolve();
  }

  resume(request: ResumeRequest, sink: ResumeSink): Promise<{ conversations: number; replayed: number }> {
    return this.onResume(request, sink);
  }

  async headsFor(_userId: string, conversationIds: readonly string[]): Promise<ReadonlyMap<string, Head>> {
    await this.onHeads();
    return new Map(
      conversationIds.flatMap((id) => (this.heads.has(id) ? [[id, this.heads.get(id) as Head]] : [])),
    );
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Hands an event to every session, as delivery does. */
  deliver(conversationId: string, sequence: number, body = 'hello'): void {
    const head = headAt(conversationId, sequence);
    this.heads.set(conversationId, head);
    const json = JSON.stringify({
      type: 'message_event',
      conversationId,
      ...head,
      senderId: 'sender',
      messageId: head.eventId,
      body,
    });
    const event = {
      ...head,
      conversationId,
      senderId: 'sender',
      clientMessageId: 'c'.repeat(22),
      json,
    };
    const shared = { everyone: null, sender: null };
    for (const session of this.sessions) session.receiveEvent(event, shared);
  }
}

export function headAt(conversationId: string, sequence: number): Head {
  return {
    sequence,
    ordinal: sequence,
    eventId: `${conversationId}.${sequence.toString(36)}.abcdefgh`,
    sentAt: '2030-01-01T00:00:00.000Z',
  };
}

export async function resumeWithNothing(
  request: ResumeRequest,
  sink: ResumeSink,
): Promise<{ conversations: number; replayed: number }> {
  await sink.ready({ ownLog: { conversationId: `s${request.userId}`, head: null }, landed: [] });
  await sink.heads([], false);
  sink.behind.clear();
  sink.caughtUp();
  return { conversations: 0, replayed: 0 };
}
