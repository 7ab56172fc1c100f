import type { Observer } from '@confab/contracts';
import type { Authenticated, Chat } from '@confab/core';
import { answerHeaders, type Authenticate, ConfabError, decodeClientFrame, limits } from '@confab/protocol';
import type { Asker } from './asker.ts';
import type { Connection } from './connection.ts';
import { EventStreamTransport } from './event-stream-transport.ts';
import { problem } from './problem.ts';
import { readJson } from './read-body.ts';
import { refusalOf } from './refusal.ts';
import type { ResumeTurns } from './resume-turns.ts';
import type { Transport } from './transport.ts';

/** What opening a stream needs of the gateway. */
export interface StreamPorts {
  readonly chat: Chat;
  readonly observer: Observer;
  readonly turns: ResumeTurns;
  readonly connect: (transport: Transport) => Connection;
}

/**
 * Opens a connection for networks that let no WebSocket through: the body is the `authenticate` frame, the answer the
 * stream of frames. A token is refused before the stream begins, with the status of its error.
 */
export async function openStream(request: Request, asker: Asker, ports: StreamPorts): Promise<Response> {
  let frame: Authenticate;
  let proof: Authenticated;
  try {
    frame = await readAuthenticate(request);
    await ports.turns.begin();
    proof = await ports.chat.authenticate(frame.token, frame.deviceId);
  } catch (error) {
    return problem(refusalOf(error, 'stream', ports.observer));
  }
  const transport = new EventStreamTransport();
  const connection = ports.connect(transport);
  transport.listen(connection);
  void asker.gone.then(() => transport.gone());
  void connection.admit(frame, proof);
  const headers = {
    ...answerHeaders,
    'content-type': 'text/event-stream',
    // Asks proxies of the nginx kind to pass each frame on at once.
    'x-accel-buffering': 'no',
    'confab-connection': connection.id,
  };
  return new Response(transport.body, { headers });
}

async function readAuthenticate(request: Request): Promise<Authenticate> {
  const accept = request.headers.get('accept') ?? '*/*';
  if (!/text\/event-stream|text\/\*|\*\/\*/i.test(accept)) throw new ConfabError('not_acceptable');
  const value = await readJson(request, limits.frameBeforeReadyBytesMax);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfabError('malformed');
  const frame = decodeClientFrame({ type: 'authenticate', ...value });
  if (frame.type !== 'authenticate') throw new ConfabError('invalid', 'The body is an authenticate frame.');
  return frame;
}
