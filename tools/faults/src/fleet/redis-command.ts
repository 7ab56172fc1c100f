import { connect } from 'node:net';
import { within } from '../deadline.ts';

const ANSWER_MS_MAX = 5_000;

/** Says one command to a Redis, in its inline form, and gives the first line of the answer. */
export async function redisCommand(port: number, command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
  socket.once('data', (chunk) => resolve(chunk.toString().split('\r\n')[0] ?? ''));
  socket.once('error', reject);
  try {
    return await within(ANSWER_MS_MAX, `the answer of Redis to ${command}`, promise);
  } finally {
    socket.destroy();
  }
}
