import type { Authenticated, Caller, Chat } from '@confab/core';
import {
  answerHeaders,
  type ClientFrame,
  ConfabError,
  decodeClientFrame,
  decoderOf,
  type FrameLabels,
  labelsOf,
  limits,
  operations,
} from '@confab/protocol';
import { bearerOf } from './bearer.ts';
import type { Connection, ConnectionPorts } from './connection.ts';
import { problem } from './problem.ts';
import { readJson } from './read-body.ts';
import { refusalOf } from './refusal.ts';
import { Requests } from './requests.ts';
import { errorText, pongText } from './server-texts.ts';

/** Beyond this much of answers, further pages of the same request are refused: each is asked for again. */
const ANSWER_BYTES_MAX = 1024 * 1024;
const PAGE_RETRY_MS = 0;
/** A device's id as every request has it. */
const deviceHeader = decoderOf<{ readonly deviceId: string }>(operations.delete_device.request);

/** What posted frames need besides themselves. */
export interface PostedFramesOptions {
  /** The stream that the header names, where it is on this node. */
  readonly connection: Connection | null;
  readonly address: string;
  readonly ports: ConnectionPorts;
}

/** Does one frame of the array; never rejects. */
type Answering = (frame: ClientFrame) => Promise<string>;

/**
 * `POST /v1/frames`: each frame begins in the order of the array, and has its answer at the same place of the answer's
 * array. Where the asker's stream is on this node its lanes are used; elsewhere the array has lanes of its own.
 */
export async function answerFrames(request: Request, options: PostedFramesOptions): Promise<Response> {
  const { observer } = options.ports;
  try {
    const answering = await identify(request, options);
    const items = await readJson(request, limits.frameBytesMax);
    if (!Array.isArray(items)) throw new ConfabError('malformed', 'The body is an array of frames.');
    if (items.length > limits.framesPerPostMax) {
      throw new ConfabError('too_large', `At most ${limits.framesPerPostMax} frames fit into one request.`);
    }
    const answers = await answerInOrder(items, answering, (error) => refusalOf(error, 'frame', observer));
    return new Response(`{"frames":[${answers.join(',')}]}`, {
      headers: { ...answerHeaders, 'content-type': 'application/json' },
    });
  } catch (error) {
    return problem(refusalOf(error, 'frames', observer));
  }
}

async function answerInOrder(
  items: readonly unknown[],
  answering: Answering,
  refuse: (error: unknown) => ConfabError,
): Promise<string[]> {
  const answers: Promise<string>[] = [];
  let pageBytes = 0;
  for (const item of items) {
    let labels: FrameLabels = {};
    try {
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        throw new ConfabError('malformed');
      labels = labelsOf(item as Record<string, unknown>);
      const frame = decodeClientFrame(item as Record<string, unknown>);
      if (frame.type !== 'sync') {
        answers.push(answering(frame));
        continue;
      }
      if (pageBytes > ANSWER_BYTES_MAX)
        throw new ConfabError('rate_limited', undefined, { afterMs: PAGE_RETRY_MS });
      const page = await answering(frame);
      pageBytes += page.length;
      answers.push(Promise.resolve(page));
    } catch (error) {
      answers.push(Promise.resolve(errorText(refuse(error), labels)));
    }
  }
  return await Promise.all(answers);
}

/** Verifies the token, and finds out on whose behalf the frames are done. */
async function identify(request: Request, { connection, ports }: PostedFramesOptions): Promise<Answering> {
  const token = bearerOf(request.headers);
  if (token === null) throw new ConfabError('unauthenticated');
  const deviceId = request.headers.get('confab-device');
  if (deviceId !== null) deviceHeader.decode({ deviceId });
  const session = connection?.session ?? null;
  let proof = await ports.chat.authenticate(token, deviceId);
  if (deviceId === null && session?.userId === proof.userId && session.deviceId !== proof.deviceId)
    proof = await onDevice(session.deviceId, { token, proof, chat: ports.chat });
  if (connection !== null && session?.userId === proof.userId && session.deviceId === proof.deviceId) {
    connection.heard();
    return (frame) => connection.answer(frame);
  }
  return statelessly({ kind: 'user', userId: proof.userId, deviceId: proof.deviceId }, ports);
}

/**
 * A token that names no device is that of the user's own stream, where it names one. One that names another device has
 * nothing to do with that stream, and stays what it is.
 */
async function onDevice(
  deviceId: string,
  { token, proof, chat }: { readonly token: string; readonly proof: Authenticated; readonly chat: Chat },
): Promise<Authenticated> {
  try {
    return await chat.authenticate(token, deviceId);
  } catch (error) {
    if (error instanceof ConfabError && error.code === 'unauthenticated') return proof;
    throw error;
  }
}

function statelessly(caller: Caller & { kind: 'user' }, ports: ConnectionPorts): Answering {
  const requests = new Requests(ports, {
    rateKey: caller.userId,
    room: () => Promise.resolve(),
    close: () => undefined,
  });
  return async (frame) => {
    switch (frame.type) {
      case 'ping':
        return pongText(frame.ref);
      case 'authenticate': {
        const refusal = new ConfabError(
          'invalid',
          'There is no connection here whose token could be renewed.',
        );
        return errorText(refusal, labelsOf({ ...frame }));
      }
      default:
        return (await requests.run(frame, caller)).text;
    }
  };
}
